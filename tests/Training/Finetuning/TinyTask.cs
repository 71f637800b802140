using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Networks.Templates;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Finetuning;

namespace BrainMVP.Federated.Training.Tests.Finetuning;

/// <summary>
/// A task of seconds: the bright core of synthetic heads. The T1 of every case is 1 in the core and 0.2 elsewhere in the
/// head, so that labels can be read off the volumes.
/// </summary>
internal sealed class TinyTask : IDisposable
{
    private static readonly int[] Shape = [20, 22, 18];
    private static readonly int[] Canvas = [24, 28, 24];

    public TinyTask(Func<FinetuneTask, FinetuneTask>? change = null, int cases = 6, string[]? modalities = null)
    {
        Folder = Directory.CreateTempSubdirectory("finetuning-").FullName;
        Task = new FinetuneTask
        {
            Name = "tiny",
            Modalities = ["t1", "t2"],
            Regions = ["core=1"],
            Network = new NetworkPlan { Widths = [4, 6, 8, 12], Depths = [1, 1, 1, 1], HeadWidth = 4, MlpRatio = 2 },
            Imaging = new ImagingPlan { SpacingMm = 4, Canvas = Canvas, Crop = [16, 16, 16] },
            Training = new FinetuneTraining { Steps = 6, BatchSize = 2, LearningRate = 1e-2, ValidateEvery = 3, CheckpointEvery = 2, MaskCell = 4 },
            Split = new SplitPlan { HeldOut = 0.3 },
        };
        Task = change?.Invoke(Task) ?? Task;
        FinetuneTaskRules.Check(Task);
        Cases = [.. Enumerable.Range(0, cases).Select(n => Case(n, modalities ?? ["t1", "t2"]))];
    }

    public string Folder { get; }

    public FinetuneTask Task { get; }

    public IReadOnlyList<LabelledCase> Cases { get; }

    /// <summary>A template with a different value at every voxel of the canvas.</summary>
    public string Template(string modality)
    {
        var path = Path.Combine(Folder, modality + ".safetensors");
        var voxels = new float[Canvas[0] * Canvas[1] * Canvas[2]];
        for (var n = 0; n < voxels.Length; n++)
        {
            voxels[n] = 0.9f * n / voxels.Length;
        }

        SafetensorsWriter.WriteFile(path, [TensorSource.Floats(TemplateBank.NameOf(modality), [Canvas[0], Canvas[1], Canvas[2]], voxels)]);
        return path;
    }

    public TemplateVolumes Templates(params string[] modalities) => TemplateVolumes.Load(Task, modalities.ToDictionary(m => m, Template));

    public FinetuneJob Job(string name, string? encoder = null, params string[] templates) => new()
    {
        Task = Task,
        EncoderPath = encoder,
        TemplatePaths = templates.ToDictionary(m => m, Template),
        JobFolder = Path.Combine(Folder, name),
    };

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private LabelledCase Case(int index, string[] modalities)
    {
        var random = new CounterRandom(7, "case", index);
        double[] centre = [.. Shape.Select(s => (s / 2.0) + random.NextDouble(-2, 2))];
        var (labels, bright, noise) = (new byte[Shape[0] * Shape[1] * Shape[2]], new float[Shape[0] * Shape[1] * Shape[2]], new float[Shape[0] * Shape[1] * Shape[2]]);
        for (var n = 0; n < labels.Length; n++)
        {
            int[] at = [n / (Shape[1] * Shape[2]), n / Shape[2] % Shape[1], n % Shape[2]];
            var inside = at.Select((v, axis) => Math.Pow((v - centre[axis]) / 4, 2)).Sum() < 1;
            labels[n] = inside ? (byte)1 : (byte)0;
            bright[n] = inside ? 1 : 0.2f;
            noise[n] = (float)random.NextDouble();
        }

        var path = Path.Combine(Folder, $"{index}.labels");
        SafetensorsWriter.WriteFile(path, [new TensorSource("labels", "U8", [.. Shape.Select(s => (long)s)], stream => stream.Write(labels))]);
        var volumes = new Dictionary<string, MemoryVolume> { ["t1"] = new(Shape, bright), ["t2"] = new(Shape, noise) };
        return new LabelledCase(
            new TrainingCase
            {
                Subject = $"case-{index:D2}",
                Shape = Shape,
                CanvasOffset = [.. Canvas.Zip(Shape, (c, s) => (c - s) / 2)],
                Modalities = modalities,
                Volume = modality => volumes[modality],
            },
            index % 2,
            path);
    }
}
