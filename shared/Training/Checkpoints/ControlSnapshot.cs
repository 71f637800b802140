using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Optimization;

namespace BrainMVP.Federated.Training.Checkpoints;

/// <summary>A site's control variates of SCAFFOLD in <c>controls.safetensors</c>, carried from round to round. They stay at the site: only their change is sent.</summary>
public static class ControlSnapshot
{
    public static string PathIn(string folder) => Path.Combine(folder, "controls.safetensors");

    internal static void Save(string folder, ControlVariates controls) => SafetensorsWriter.WriteFile(PathIn(folder), controls.Sources());
}
