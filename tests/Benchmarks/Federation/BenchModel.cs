using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Contracts.Tensors;

namespace BrainMVP.Federated.Benchmarks.Federation;

/// <summary>Models of one tensor, so that their size can be chosen, and a plan for them.</summary>
internal static class BenchModel
{
    private const int Block = 1 << 16;

    /// <summary>Writes a model; other seeds make others of the same layout.</summary>
    public static string Write(string path, long parameters, ulong seed)
    {
        var random = new CounterRandom(seed, "model");
        var block = new float[Block];
        for (var i = 0; i < block.Length; i++)
        {
            block[i] = (float)(random.NextDouble() - 0.5);
        }

        var bytes = MemoryMarshal.AsBytes(block.AsSpan()).ToArray();
        SafetensorsWriter.WriteFile(path, [new TensorSource("encoder.weight", "F32", [parameters], stream =>
        {
            for (var left = parameters * sizeof(float); left > 0; left -= bytes.Length)
            {
                stream.Write(bytes, 0, (int)Math.Min(bytes.Length, left));
            }
        })]);
        return path;
    }

    public static Plan Plan(int rounds, int sites) => new()
    {
        Name = "bench",
        Modalities = ["t1"],
        Rounds = new RoundsPlan { Count = rounds, LocalSteps = 1 },
        Imaging = new ImagingPlan { Canvas = [16, 16, 16], Crop = [16, 16, 16] },
        Network = new NetworkPlan { Widths = [8, 8, 16, 16], Depths = [1, 1, 1, 1], HeadWidth = 8 },
        Quorum = new QuorumPlan { MinimumSites = sites, TrainDeadlineSeconds = 3600, UploadDeadlineSeconds = 3600, SilentAfterSeconds = 3600 },
    };
}
