using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Losses;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Training.Hosting;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Tests.Hosting;

public sealed class AutocastTests
{
    [Fact]
    public void This_libtorch_has_all_that_is_needed() => Assert.Null(Autocast.Unavailable);

    [Theory]
    [InlineData(Precisions.Bf16, ScalarType.BFloat16)]
    [InlineData(Precisions.Fp16, ScalarType.Float16)]
    public void Products_inside_a_region_have_16_bits_and_32_outside(string precision, ScalarType expected)
    {
        using var scope = NewDisposeScope();
        using (Autocast.Enter(DeviceType.CPU, precision))
        {
            Assert.Equal(expected, ones(2, 2).matmul(ones(2, 2)).dtype);
            Assert.Equal(ScalarType.Float32, nn.functional.mse_loss(ones(2, dtype: expected), ones(2)).dtype);
        }

        Assert.Equal(ScalarType.Float32, ones(2, 2).matmul(ones(2, 2)).dtype);
    }

    [Fact]
    public void Fp32_costs_nothing()
    {
        Assert.Null(Autocast.Enter(DeviceType.CPU, Precisions.Fp32));
        Assert.Null(Autocast.Enter(DeviceType.CUDA, Precisions.Fp32));
    }

    [Fact]
    public void Regions_nest_and_each_restores_what_was_before()
    {
        using var scope = NewDisposeScope();
        ScalarType Now() => ones(2, 2).matmul(ones(2, 2)).dtype;
        using (Autocast.Enter(DeviceType.CPU, Precisions.Bf16))
        {
            using (Autocast.Enter(DeviceType.CPU, Precisions.Fp16))
            {
                Assert.Equal(ScalarType.Float16, Now());
            }

            Assert.Equal(ScalarType.BFloat16, Now());
            using (Autocast.Enter(DeviceType.CUDA, Precisions.Fp16))
            {
                Assert.Equal(ScalarType.BFloat16, Now());
            }
        }

        Assert.Equal(ScalarType.Float32, Now());
    }

    [Fact]
    public void A_region_ends_with_an_exception_too()
    {
        using var scope = NewDisposeScope();
        Assert.ThrowsAny<Exception>(() =>
        {
            using var region = Autocast.Enter(DeviceType.CPU, Precisions.Bf16);
            ones(2, 3).add_(ones(4, 5));
        });
        Assert.Equal(ScalarType.Float32, ones(2, 2).matmul(ones(2, 2)).dtype);
    }

    [Fact]
    public void Other_threads_are_not_touched_and_cannot_end_a_region()
    {
        var format = default(ScalarType);
        Exception? refused = null;
        using var region = Autocast.Enter(DeviceType.CPU, Precisions.Bf16)!;
        var other = new Thread(() =>
        {
            using var scope = NewDisposeScope();
            format = ones(2, 2).matmul(ones(2, 2)).dtype;
            refused = Record.Exception(region.Dispose);
        });
        other.Start();
        Assert.True(other.Join(TimeSpan.FromSeconds(30)));
        Assert.Equal(ScalarType.Float32, format);
        Assert.IsType<InvalidOperationException>(refused);
    }

    [Fact]
    public void Unknown_words_and_devices_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Autocast.Enter(DeviceType.CPU, "fp8"));
        Assert.Throws<ArgumentException>(() => Autocast.Enter(DeviceType.META, Precisions.Bf16));
    }

    [Theory]
    [InlineData(Precisions.Bf16, 0.03)]
    [InlineData(Precisions.Fp16, 0.03)]
    public void Twelve_training_steps_follow_fp32_and_gradients_stay_fp32(string precision, double tolerance)
    {
        var expected = Train(Precisions.Fp32);
        var actual = Train(precision);
        Assert.True(expected[^1] < expected[0] * 0.9, $"fp32 does not learn: {expected[0]} to {expected[^1]}");
        Assert.All(expected.Zip(actual), p => Assert.Equal(p.First, p.Second, p.First * tolerance));
        Assert.NotEqual(expected, actual);
    }

    [Fact]
    public void What_is_recomputed_runs_in_the_region_of_the_first_time()
    {
        Assert.Null(Ambient.Capture());
        Func<IDisposable>? again;
        using (Autocast.Enter(DeviceType.CPU, Precisions.Bf16))
        {
            again = Ambient.Capture();
        }

        using var scope = NewDisposeScope();
        using (again!())
        {
            Assert.Equal(ScalarType.BFloat16, ones(2, 2).matmul(ones(2, 2)).dtype);
        }

        Assert.Null(Ambient.Capture());
        Assert.Equal(Train(Precisions.Bf16), Train(Precisions.Bf16, recomputation: true));
    }

    private static double[] Train(string precision, bool recomputation = false)
    {
        var random = new CounterRandom(7, "volumes");
        using var volumes = tensor(Enumerable.Range(0, 32 * 32 * 32).Select(_ => (float)random.NextDouble(0, 1)).ToArray()).reshape(1, 1, 32, 32, 32);
        using var model = ReconstructionModel.Create(Presets.Create(Presets.Demo).Network, recomputation);
        ModelInitialization.Apply(model, 3);
        using var optimizer = new Federated.Training.Optimization.AdamW();
        foreach (var (name, parameter) in model.State.Parameters)
        {
            optimizer.Add(name, parameter, template: false);
        }

        model.train();
        var losses = new double[12];
        for (var step = 0; step < losses.Length; step++)
        {
            using var scope = NewDisposeScope();
            Tensor loss;
            using (Autocast.Enter(DeviceType.CPU, precision))
            {
                loss = PretrainingLosses.Reconstruction(model.call(volumes).Volume, volumes);
            }

            BackwardPass.Run(loss);
            Assert.All(model.State.Parameters, p => Assert.Equal(ScalarType.Float32, p.Value.grad!.dtype));
            optimizer.Step(3e-3, 0, 1e-5);
            optimizer.ClearGradients();
            losses[step] = loss.item<float>();
        }

        return losses;
    }
}
