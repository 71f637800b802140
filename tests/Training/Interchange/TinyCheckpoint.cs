using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Interchange;

namespace BrainMVP.Federated.Training.Tests.Interchange;

/// <summary>A plan of a few thousand parameters and checkpoints of it with numbers in every tensor.</summary>
internal static class TinyCheckpoint
{
    public static Plan Plan(string backbone = Backbones.UniFormer) => new()
    {
        Name = "tiny",
        Preset = "demo",
        Seed = 5,
        Modalities = ["flair", "t1", "adc"],
        Rounds = new RoundsPlan { Count = 3, LocalSteps = 7 },
        Network = new NetworkPlan { Backbone = backbone, Widths = backbone == Backbones.UNet3D ? [8, 8, 16, 16] : [4, 6, 8, 12], Depths = [1, 2, 1, 1], HeadWidth = 4, MlpRatio = 2 },
        Imaging = new ImagingPlan { SpacingMm = 4, Canvas = [20, 18, 16], Crop = [16, 16, 16] },
    };

    public static PublishedLayout Layout(string backbone = Backbones.UniFormer) => PublishedLayout.Create(Plan(backbone).Network, Plan(backbone).Imaging.Canvas);

    /// <summary>Every tensor of a layout with values from its key; counters are 1,234,567,890,123.</summary>
    public static IReadOnlyList<TensorSource> Tensors(PublishedLayout layout, string prefix = "module.") => [.. layout.Tensors.Select(t => new TensorSource(prefix + t.Key, t.DataType, t.Shape, stream =>
    {
        var random = new CounterRandom(1, t.Key);
        for (var i = 0L; i < t.Count; i++)
        {
            stream.Write(t.DataType == "I64" ? BitConverter.GetBytes(1_234_567_890_123) : BitConverter.GetBytes((float)random.NextDouble(-1, 1)));
        }
    }))];
}
