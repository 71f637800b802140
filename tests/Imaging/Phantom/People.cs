using BrainMVP.Federated.Imaging.Phantom;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.Phantom;

/// <summary>People that several tests look at, made once; 4 mm keeps it to seconds.</summary>
internal static class People
{
    private static readonly Lazy<PhantomCase[]> LazyGliomas = new(() => Make(PhantomDisease.Glioma, 8, "t1", "t1c", "flair", "adc"));
    private static readonly Lazy<PhantomCase[]> LazyStrokes = new(() => Make(PhantomDisease.Stroke, 6, "dwi", "adc"));
    private static readonly Lazy<PhantomCase[]> LazyHealthy = new(() => Make(PhantomDisease.None, 10, "t2"));

    public static PhantomRequest Request { get; } = new() { Seed = 5, Site = "north", Scanner = "north", Modalities = ["t1", "t2"], Cases = 3, SpacingMm = 4 };

    public static IReadOnlyList<PhantomCase> Gliomas => LazyGliomas.Value;

    public static IReadOnlyList<PhantomCase> Strokes => LazyStrokes.Value;

    public static IReadOnlyList<PhantomCase> Healthy => LazyHealthy.Value;

    public static double Millilitres(this PhantomCase person, params int[] labels)
    {
        var (x, y, z) = person.Labels.Affine.Spacing;
        return person.Labels.Voxels.Count(v => labels.Contains((int)v)) * x * y * z / 1000;
    }

    /// <summary>Mean of a modality over the voxels of some labels; with 0 over the brain without lesions.</summary>
    public static double Mean(this PhantomCase person, string modality, params int[] labels) => person.Volumes[modality].Voxels
        .Where((_, n) => person.Brain.Voxels[n] > 0 && labels.Contains((int)person.Labels.Voxels[n])).Average();

    public static double Correlation(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
        for (var n = 0; n < a.Length; n++)
        {
            (ma, mb) = (ma + (a[n] / (double)a.Length), mb + (b[n] / (double)a.Length));
        }

        for (var n = 0; n < a.Length; n++)
        {
            var (x, y) = (a[n] - ma, b[n] - mb);
            (ab, aa, bb) = (ab + (x * y), aa + (x * x), bb + (y * y));
        }

        return ab / Math.Sqrt(aa * bb);
    }

    private static PhantomCase[] Make(PhantomDisease disease, int count, params string[] modalities) =>
        [.. Enumerable.Range(0, count).Select(n => PhantomGenerator.Generate(Request with { Disease = disease, Modalities = modalities }, n))];
}
