using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Decoders;
using BrainMVP.Federated.Networks.Encoders;
using BrainMVP.Federated.Networks.Kernels;
using BrainMVP.Federated.Networks.Models;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Tests.Kernels;

/// <summary>Everything that runs in own kernels against the same written with the library's operators.</summary>
public sealed class OwnKernelTests
{
    [Theory]
    [InlineData(4, true)]
    [InlineData(12, true)]
    [InlineData(16, true)]
    [InlineData(12, false)]
    public void Convolution_after_batch_normalisation_equals_the_library(int channels, bool train)
    {
        using var norm = Norm(channels, train);
        using var layer = Conv3d(channels, channels + 1, kernel_size: 1);
        Compare(x => NormalizedLinear.Call(norm, layer, x), [333, channels], norm, layer);
    }

    [Theory]
    [InlineData(4, 2, true)]
    [InlineData(12, 4, true)]
    [InlineData(20, 3, true)]
    [InlineData(12, 4, false)]
    public void Feed_forward_part_after_batch_normalisation_equals_the_library(int channels, int ratio, bool train)
    {
        using var norm = Norm(channels, train);
        using var first = Conv3d(channels, channels * ratio, kernel_size: 1);
        using var second = Conv3d(channels * ratio, channels, kernel_size: 1);

        // More rows than one block holds, and not a multiple of it.
        Compare(x => ResidualFeedForward.Call(norm, (first.weight, first.bias!), (second.weight, second.bias!), x, false), [70_001, channels], norm, first, second);
    }

    [Theory]
    [InlineData(4, 2)]
    [InlineData(12, 4)]
    [InlineData(19, 3)]
    public void Feed_forward_part_after_layer_normalisation_equals_the_library(int channels, int ratio)
    {
        using var norm = LayerNorm(channels, eps: 1e-6);
        Randomize(norm);
        using var first = Linear(channels, channels * ratio);
        using var second = Linear(channels * ratio, channels);
        Compare(x => ResidualFeedForward.Call(norm, (first.weight!, first.bias!), (second.weight!, second.bias!), x, false), [501, channels], norm, first, second);
    }

    [Theory]
    [InlineData(12, 4, false)]
    [InlineData(12, 7, true)]
    [InlineData(64, 3, true)]
    [InlineData(19, 5, false)]
    public void Rectified_instance_normalisation_equals_the_library(int channels, int side, bool two) =>
        Compare(
            x => two ? RectifiedNormalization.Call(x.narrow(1, 0, channels), x.narrow(1, channels, channels).square()) : RectifiedNormalization.Call(x),
            [2, two ? 2 * channels : channels, side, side + 1, side]);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Segmentation_decoder_level_equals_the_library(bool channelsTogether)
    {
        using var level = new SkipUpBlock(24, 12);
        Compare(
            x =>
            {
                var (below, skip) = (x.narrow(1, 0, 24).narrow(2, 0, 4).narrow(3, 0, 4).narrow(4, 0, 4), x.narrow(1, 24, 12));
                return channelsTogether ? level.call(LibraryConvolutions.ChannelsTogether(below), LibraryConvolutions.ChannelsTogether(skip)) : level.call(below.contiguous(), skip.contiguous());
            },
            [2, 36, 8, 8, 8],
            level);
    }

    [Fact]
    public void Statistics_do_not_cancel_when_the_mean_is_large()
    {
        using var norm = BatchNorm3d(12);
        using var scope = NewDisposeScope();
        var rows = (Tiny.Uniform([5000, 12], "rows") * 0.1) + 1000;
        var (mean, scale) = BatchNormalization.Statistics(norm, rows);
        var exact = rows.to(ScalarType.Float64);
        Assert.True(mean.to(ScalarType.Float64).allclose(exact.mean([0L]), 1e-7));
        Assert.True((1 / scale.pow(2)).to(ScalarType.Float64).allclose(exact.var(0, unbiased: false) + 1e-5, 1e-4));
        Assert.True(norm.running_mean!.allclose(mean * 0.1, 1e-5));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Whole_network_gives_the_same_outputs_gradients_and_statistics(bool train)
    {
        var plan = new NetworkPlan { Widths = [12, 16, 24, 40], Depths = [2, 1, 2, 1], HeadWidth = 8, MlpRatio = 3 };
        var (ours, library) = (Run(plan, train), WithoutKernels(() => Run(plan, train)));
        Assert.Equal(library.Keys, ours.Keys);
        foreach (var (name, expected) in library)
        {
            // Biases before a normalisation have gradients of pure rounding.
            var scale = Math.Max(1e-4, expected.Max(Math.Abs));
            var difference = expected.Zip(ours[name], (a, b) => Math.Abs(a - b)).Max();
            Assert.True(difference <= 2e-3 * scale, $"{name}: differs by {difference} at a scale of {scale}");
        }
    }

    [Fact]
    public void Number_of_threads_changes_no_bit_of_own_sums()
    {
        var threads = get_num_threads();
        try
        {
            using var layer = Conv3d(12, 12, kernel_size: 5, padding: 2, groups: 12);
            var one = Gradient();
            set_num_threads(2);
            Assert.Equal(one, Gradient());

            float[] Gradient()
            {
                using var scope = NewDisposeScope();
                layer.zero_grad();
                BackwardPass.Run(DepthwiseConvolution.Call(layer, Tiny.Uniform([2, 8, 9, 10, 12], "x")).pow(2).mean());
                return ModelState.Elements(layer.weight.grad!).ToArray();
            }
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    private static Dictionary<string, float[]> Run(NetworkPlan plan, bool train)
    {
        using var model = Tiny.Model(plan, 3);
        model.train(train);
        using var scope = NewDisposeScope();
        var input = Tiny.Uniform([2, 1, 32, 48, 32], "input").requires_grad_();
        var (features, volume) = model.call(input);
        BackwardPass.Run((volume - input.detach()).pow(2).mean() + features.pow(3).mean());
        var result = new Dictionary<string, float[]>
        {
            ["features"] = ModelState.Elements(features.detach()).ToArray(),
            ["volume"] = ModelState.Elements(volume.detach()).ToArray(),
            ["input"] = ModelState.Elements(input.grad!).ToArray(),
        };
        foreach (var (name, parameter) in model.State.Parameters)
        {
            result.Add("gradient " + name, ModelState.Elements(parameter.grad!).ToArray());
        }

        foreach (var (name, statistic) in model.State.Statistics)
        {
            result.Add(name, ModelState.Elements(statistic).ToArray());
        }

        return result;
    }

    /// <summary>
    /// Against the library's operators in double precision: sums over many rows in single precision have errors of their
    /// own, in the order that the library happens to add.
    /// </summary>
    private static void Compare(Func<Tensor, Tensor> function, long[] shape, params Module[] modules)
    {
        foreach (var module in modules.Where(m => m is TorchSharp.Modules.Conv3d or TorchSharp.Modules.Linear))
        {
            Randomize(module, centre: 0.5);
        }

        var ours = Gradients(function, shape, modules, ScalarType.Float32);
        foreach (var module in modules)
        {
            module.to(ScalarType.Float64);
        }

        foreach (var (name, reference) in WithoutKernels(() => Gradients(function, shape, modules, ScalarType.Float64)))
        {
            using var exact = reference;
            using var expected = exact.to(ScalarType.Float32);
            using var actual = ours[name];
            Close.Check(name, expected, actual, 1e-4);
        }
    }

    private static Dictionary<string, Tensor> Gradients(Func<Tensor, Tensor> function, long[] shape, Module[] modules, ScalarType type)
    {
        using var scope = NewDisposeScope();
        foreach (var module in modules)
        {
            module.zero_grad();
            (module as TorchSharp.Modules.BatchNorm3d)?.running_mean!.fill_(0.1);
            (module as TorchSharp.Modules.BatchNorm3d)?.running_var!.fill_(0.3);
        }

        var x = (Tiny.Uniform(shape, "x") + 0.5).to(type).requires_grad_();
        var y = function(x);
        BackwardPass.Run((y * (Tiny.Uniform([.. y.shape], "upstream") - 0.5).to(type)).sum());
        var result = new Dictionary<string, Tensor> { ["output"] = y.detach(), ["input"] = x.grad!.clone() };
        foreach (var (module, index) in modules.Select((m, i) => (m, i)))
        {
            foreach (var (name, parameter) in module.named_parameters())
            {
                result.Add($"{index}.{name}", parameter.grad!.clone());
            }

            foreach (var (name, buffer) in module.named_buffers().Where(b => b.name.StartsWith("running", StringComparison.Ordinal)))
            {
                result.Add($"{index}.{name}", buffer.clone());
            }
        }

        foreach (var tensor in result.Values)
        {
            tensor.DetachFromDisposeScope();
        }

        return result;
    }

    private static T WithoutKernels<T>(Func<T> function)
    {
        CpuKernels.SwitchedOff = true;
        try
        {
            return function();
        }
        finally
        {
            CpuKernels.SwitchedOff = false;
        }
    }

    private static TorchSharp.Modules.BatchNorm3d Norm(int channels, bool train)
    {
        var norm = BatchNorm3d(channels);
        Randomize(norm);
        norm.train(train);
        return norm;
    }

    private static void Randomize(Module module, double centre = 0)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, parameter) in module.named_parameters())
        {
            var values = Tiny.Uniform(parameter.shape, name) - centre;
            parameter.copy_(values);
        }
    }
}
