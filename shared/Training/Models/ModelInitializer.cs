using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Training.Hosting;

namespace BrainMVP.Federated.Training.Models;

/// <summary>Writes the untrained model of a plan: a function of the plan's network and seed.</summary>
public static class ModelInitializer
{
    /// <param name="plan">Network and seed.</param>
    /// <param name="path">Safetensors file to write durably.</param>
    public static void Write(Plan plan, string path)
    {
        TorchRuntime.Start(plan.Training.Threads);
        using var model = ReconstructionModel.Create(plan.Network);
        ModelInitialization.Apply(model, plan.Seed);
        SafetensorsWriter.WriteFile(path, ModelFile.Sources(model));
    }
}
