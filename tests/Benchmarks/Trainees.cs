using BrainMVP.Federated.Benchmarks.Plain;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Losses;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Benchmarks;

/// <summary>A network with its optimiser that can make a training step: forward, backward, AdamW.</summary>
internal interface ITrainee : IDisposable
{
    /// <param name="views">[2B, 1, R, A, S].</param>
    /// <param name="target">[B, 1, R, A, S].</param>
    /// <returns>The loss before the step.</returns>
    double Step(Tensor views, Tensor target);
}

/// <summary>The project's network and optimiser.</summary>
internal sealed class OurTrainee : ITrainee
{
    private readonly AdamW _optimizer = new();

    public OurTrainee(NetworkPlan plan, bool recomputation = false)
    {
        Model = ReconstructionModel.Create(plan, recomputation);
        ModelInitialization.Apply(Model, 1);
        Model.train();
        foreach (var (name, parameter) in Model.State.Parameters)
        {
            _optimizer.Add(name, parameter, template: false);
        }
    }

    public ReconstructionModel Model { get; }

    public double Step(Tensor views, Tensor target)
    {
        using var scope = NewDisposeScope();
        var halves = Model.call(views).Volume.chunk(2);
        var loss = PretrainingLosses.Reconstruction(halves[0], target) + PretrainingLosses.Reconstruction(halves[1], target);
        BackwardPass.Run(loss);
        _optimizer.Step(3e-4, 0, 1e-5);
        _optimizer.ClearGradients();
        return loss.item<float>();
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        Model.Dispose();
    }
}

/// <summary>The plain network with the library's optimiser.</summary>
internal sealed class PlainTrainee : ITrainee
{
    private readonly PlainModel _model;
    private readonly optim.Optimizer _optimizer;

    public PlainTrainee(NetworkPlan plan, ReconstructionModel weights)
    {
        _model = new PlainModel(plan);
        _model.CopyFrom(weights);
        _model.train();
        _optimizer = optim.AdamW(_model.parameters(), lr: 3e-4, weight_decay: 1e-5);
    }

    public double Step(Tensor views, Tensor target)
    {
        using var scope = NewDisposeScope();
        _optimizer.zero_grad();
        var halves = _model.call(views).chunk(2);
        var loss = nn.functional.mse_loss(halves[0], target) + nn.functional.mse_loss(halves[1], target);
        loss.backward();
        _optimizer.step();
        return loss.item<float>();
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _model.Dispose();
    }
}

/// <summary>Random volumes that are the same in every run.</summary>
internal static class Volumes
{
    public static Tensor Create(string name, int count, int side)
    {
        var random = new CounterRandom(1, "benchmark", name);
        var values = new float[count * side * side * side];
        foreach (ref var value in values.AsSpan())
        {
            value = (float)random.NextDouble(0, 1);
        }

        return tensor(values).reshape(count, 1, side, side, side);
    }
}
