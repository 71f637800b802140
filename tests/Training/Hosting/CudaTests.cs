using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Losses;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Training.Hosting;
using BrainMVP.Federated.Training.Optimization;
using BrainMVP.Federated.Training.Tests.Optimization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Tests.Hosting;

/// <summary>What only a CUDA device can show; the CPU is the reference.</summary>
public sealed class CudaTests
{
    private static readonly Device Gpu = new(DeviceType.CUDA, 0);

    public CudaTests() => Assert.SkipUnless(cuda.is_available(), "No CUDA device: CUDA is not tested here.");

    [Fact]
    public void The_device_convolves_and_tells_its_memory()
    {
        Assert.Null(TorchDevices.Failure(Gpu));
        var (used, total) = DeviceMemory.Cuda(Gpu)!.Value;
        Assert.InRange(used, 1, total);
    }

    [Fact]
    public void An_allocation_that_fails_is_recognised() =>
        Assert.True(OutOfMemory.Is(Assert.ThrowsAny<Exception>(() => zeros(1L << 44, device: Gpu))));

    [Fact]
    public void Fused_updates_equal_those_of_the_cpu()
    {
        Assert.True(FusedAdamW.WorksOn(Gpu));
        Assert.Equal(Update(CPU), Update(Gpu), (a, b) => Math.Abs(a - b) < 1e-6);

        static float[] Update(Device device)
        {
            using var values = Vectors.Random("w", 1000);
            using var parameter = new Parameter(values.to(device));
            using var optimizer = new Federated.Training.Optimization.AdamW(0.95);
            optimizer.Add("w", parameter, template: true);
            for (var step = 0; step < 5; step++)
            {
                parameter.grad = Vectors.Random("g" + step, 1000).to(device);
                optimizer.Step(0, 1e-2, 0.1);
            }

            return Vectors.Values(parameter.cpu());
        }
    }

    [Theory]
    [InlineData(Precisions.Fp32, 0.01)]
    [InlineData(Precisions.Bf16, 0.03)]
    [InlineData(Precisions.Fp16, 0.03)]
    public void Training_follows_the_cpu(string precision, double tolerance)
    {
        TorchRuntime.UseFastCuda();
        Assert.All(Train(CPU, Precisions.Fp32).Zip(Train(Gpu, precision)), p => Assert.Equal(p.First, p.Second, p.First * tolerance));
    }

    private static double[] Train(Device device, string precision)
    {
        using var volumes = Vectors.Random("volumes", 32 * 32 * 32).reshape(1, 1, 32, 32, 32).sigmoid().to(device);
        using var model = ReconstructionModel.Create(Presets.Create(Presets.Demo).Network);
        ModelInitialization.Apply(model, 3);
        model.to(device);
        var parameters = model.named_parameters().ToArray();
        using var optimizer = new Federated.Training.Optimization.AdamW();
        foreach (var (name, parameter) in parameters)
        {
            optimizer.Add(name, parameter, template: false);
        }

        var scaler = new LossScaler();
        var losses = new double[6];
        model.train();
        for (var step = 0; step < losses.Length; step++)
        {
            using var scope = NewDisposeScope();
            Tensor loss;
            using (Autocast.Enter(device.type, precision))
            {
                loss = PretrainingLosses.Reconstruction(model.call(volumes).Volume, volumes);
            }

            BackwardPass.Run(precision == Precisions.Fp16 ? scaler.Apply(loss) : loss);
            Assert.True(precision != Precisions.Fp16 || scaler.Unscale(parameters.Select(p => p.parameter)));
            GradientClipping.Clip(parameters.Select(p => p.parameter), 10);
            optimizer.Step(3e-3, 0, 1e-5);
            optimizer.ClearGradients();
            losses[step] = loss.cpu().item<float>();
        }

        return losses;
    }
}
