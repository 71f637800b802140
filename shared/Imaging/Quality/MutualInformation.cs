using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>Normalised mutual information of two volumes where they lie.</summary>
internal static class MutualInformation
{
    private const int Bins = 64;

    /// <summary>
    /// Over the union of both foregrounds inside the common field of view, 64 bins between the 1st and the 99th percentile.
    /// </summary>
    /// <param name="a">A volume.</param>
    /// <param name="b">A volume on the same grid.</param>
    /// <param name="covered">Voxels inside both fields of view; null for all.</param>
    /// <returns>1 (independent) to 2 (each determines the other).</returns>
    public static double Normalised(Volume a, Volume b, bool[] foregroundA, bool[] foregroundB, bool[]? covered)
    {
        var count = 0;
        var (valuesA, valuesB) = (new float[a.Voxels.Length], new float[a.Voxels.Length]);
        for (var n = 0; n < foregroundA.Length; n++)
        {
            if ((foregroundA[n] || foregroundB[n]) && (covered is null || covered[n]))
            {
                valuesA[count] = a.Voxels[n];
                valuesB[count++] = b.Voxels[n];
            }
        }

        var windowA = IntensityWindow.Robust(valuesA.AsSpan(0, count), Bins);
        var windowB = IntensityWindow.Robust(valuesB.AsSpan(0, count), Bins);
        var histogram = new JointHistogram(Bins);
        for (var n = 0; n < count; n++)
        {
            histogram.Add(windowA.Bin(valuesA[n]), windowB.Bin(valuesB[n]));
        }

        return histogram.NormalisedMutualInformation();
    }
}
