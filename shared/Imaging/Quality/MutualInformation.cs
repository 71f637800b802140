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
        var where = new bool[foregroundA.Length];
        for (var n = 0; n < where.Length; n++)
        {
            where[n] = (foregroundA[n] || foregroundB[n]) && (covered is null || covered[n]);
        }

        return Normalised(a.Voxels, b.Voxels, where);
    }

    /// <inheritdoc cref="Normalised(Volume, Volume, bool[], bool[], bool[])"/>
    /// <param name="where">Voxels that count; null for all.</param>
    public static double Normalised(float[] a, float[] b, bool[]? where)
    {
        var count = 0;
        var (valuesA, valuesB) = (new float[a.Length], new float[a.Length]);
        for (var n = 0; n < a.Length; n++)
        {
            if (where is null || where[n])
            {
                valuesA[count] = a[n];
                valuesB[count++] = b[n];
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
