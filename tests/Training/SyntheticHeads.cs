using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Training.Data;

namespace BrainMVP.Federated.Training.Tests;

/// <summary>
/// Small heads made of nested ellipsoids: skull-stripped brain, white matter, ventricles. Anatomy differs a little
/// between cases, contrast between modalities, so that a mean head exists and helps.
/// </summary>
internal static class SyntheticHeads
{
    public static IReadOnlyList<TrainingCase> Create(int count, IReadOnlyList<string> modalities, int[] shape, int[] canvas, string site = "north")
    {
        return [.. Enumerable.Range(0, count).Select(i => Head(i, modalities, shape, canvas, site))];
    }

    private static TrainingCase Head(int index, IReadOnlyList<string> modalities, int[] shape, int[] canvas, string site)
    {
        var random = new CounterRandom(99, site, "head", index);
        double[] radii = [.. shape.Select(s => s * random.NextDouble(0.42, 0.48))];
        double[] centre = [.. shape.Select(s => (s / 2.0) + random.NextDouble(-0.7, 0.7))];
        var ventricle = random.NextDouble(0.2, 0.3);
        var volumes = new Dictionary<string, MemoryVolume>();
        foreach (var modality in modalities)
        {
            var m = Modalities.IndexOf(modality);
            var noise = new CounterRandom(99, site, "noise", index, modality);
            double[] tissue = [0, 0.35 + (0.07 * (m % 5)), 0.85 - (0.09 * (m % 4)), m % 2 == 0 ? 0.15 : 0.95];
            var voxels = new float[shape[0] * shape[1] * shape[2]];
            for (var i = 0; i < voxels.Length; i++)
            {
                int[] at = [i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]];
                var distance = Math.Sqrt(at.Select((v, axis) => Math.Pow((v + 0.5 - centre[axis]) / radii[axis], 2)).Sum());
                var kind = distance > 1 ? 0 : distance < ventricle ? 3 : distance < 0.7 ? 2 : 1;
                var value = kind == 0 ? 0 : tissue[kind] + (0.04 * noise.NextNormal());
                voxels[i] = (float)Math.Clamp(value, 0, 1);
            }

            volumes.Add(modality, new MemoryVolume(shape, voxels));
        }

        return new TrainingCase
        {
            Subject = $"{site}-{index:D2}",
            Shape = shape,
            CanvasOffset = [.. canvas.Zip(shape, (c, s) => (c - s) / 2)],
            Modalities = modalities,
            Volume = modality => volumes[modality],
        };
    }
}
