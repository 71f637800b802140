using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Losses;
using BrainMVP.Federated.Networks.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Models;

public sealed class ReconstructionModelTests
{
    public static TheoryData<string, bool> Networks { get; } = new()
    {
        { Backbones.UniFormer, false },
        { Backbones.UniFormer, true },
        { Backbones.UNet3D, false },
        { Backbones.UNet3D, true },
    };

    [Fact]
    public void Decoder_is_affine()
    {
        using var model = Tiny.Model();
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var decoder = model.Decoder;
        var (a, b) = (Tiny.Uniform([1, 12, 2, 2, 2], "a"), Tiny.Uniform([1, 12, 2, 2, 2], "b"));
        var zero = decoder.call(zeros_like(a));
        var left = decoder.call(a + b) - zero;
        var right = decoder.call(a) + decoder.call(b) - (2 * zero);
        Assert.True(left.allclose(right, 1e-4, 1e-5));
        Assert.False(left.allclose(zero, 1e-4, 1e-5));
    }

    [Fact]
    public void Merged_levels_of_the_decoder_equal_one_after_another_with_all_gradients()
    {
        using var model = Tiny.Model();
        using var scope = NewDisposeScope();
        var (first, second) = (Tiny.Uniform([2, 12, 3, 2, 1], "x").requires_grad_(), Tiny.Uniform([2, 12, 3, 2, 1], "x").requires_grad_());
        var upstream = Tiny.Uniform([2, 1, 32, 16, 48], "upstream") - 0.5;
        var parameters = model.Decoder.named_parameters().ToDictionary(p => p.name, p => p.parameter);

        var x = first.permute(0, 1, 3, 4, 2);
        for (var level = 5; level >= 2; level--)
        {
            x = nn.functional.conv_transpose3d(x, parameters[$"decoder{level}.transp_conv.conv.weight"], strides: [2, 2, 2]);
        }

        x = nn.functional.conv3d(x, parameters["out_1.conv.conv.weight"], parameters["out_1.conv.conv.bias"]);
        (x * upstream).sum().backward();
        var expected = parameters.ToDictionary(p => p.Key, p => p.Value.grad!.clone());
        model.zero_grad();
        var volume = model.Decoder.call(second);
        (volume * upstream).sum().backward();

        Close.Check("volume", x, volume);
        Close.Check("features", first.grad!, second.grad!);
        Assert.All(expected, e => Close.Check(e.Key, e.Value, parameters[e.Key].grad!));
    }

    [Fact]
    public void Each_deep_voxel_reconstructs_its_own_sixteen_cubed_voxels_in_place()
    {
        using var model = Tiny.Model();
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();

        // Features are [S, R, A]; the volume is [R, A, S].
        var features = zeros(new long[] { 1, 12, 3, 2, 2 });
        var moved = features.clone();
        moved[0, 0, 2, 0, 1] = 1;
        var change = (model.Decoder.call(moved) - model.Decoder.call(features)).abs()[0, 0];
        Assert.Equal([32L, 32L, 48L], change.shape);
        var inside = change[..16, 16..32, 32..48].sum().item<float>();
        Assert.True(inside > 0);
        Assert.Equal(inside, change.sum().item<float>(), 1e-5f * inside);
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void A_training_step_leaves_no_tensor_behind(string backbone, bool recomputation)
    {
        using var model = Model(backbone, recomputation);
        Step(model);
        Step(model);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 5; i++)
        {
            Step(model);
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Every_parameter_receives_a_gradient(string backbone, bool recomputation)
    {
        using var model = Model(backbone, recomputation);
        Step(model);
        Assert.All(model.State.Parameters, p => Assert.True(p.Value.grad is { } g && g.abs().sum().item<float>() > 0, p.Key));
    }

    private static ReconstructionModel Model(string backbone, bool recomputation) =>
        Tiny.Model(backbone == Backbones.UNet3D ? Tiny.UNet3D : Tiny.Network, recomputation: recomputation);

    private static void Step(ReconstructionModel model)
    {
        using var scope = NewDisposeScope();
        model.zero_grad();
        var target = Tiny.Uniform([4, 1, 32, 32, 32], "target");
        var (features, volume) = model.call(target);
        var halves = features.chunk(2);
        var loss = PretrainingLosses.Reconstruction(volume, target) + PretrainingLosses.Contrastive(halves[0], halves[1], 0.1);
        BackwardPass.Run(loss);
    }
}
