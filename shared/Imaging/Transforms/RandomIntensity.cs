namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>
/// Shifts or scales the intensities of a case by one random number, the same for all channels and all voxels,
/// background included (MONAI 1.4.0 <c>RandShiftIntensity</c>, <c>RandScaleIntensity</c>). Each takes a number u and
/// does nothing unless u &lt; probability; only then it takes a second one for the amount. Voxels change in place.
/// </summary>
public static class RandomIntensity
{
    /// <summary>x + offset, offset uniform in [−range, range).</summary>
    /// <param name="channels">Voxels of each channel.</param>
    /// <param name="range">At least 0, in units of the intensities.</param>
    /// <returns>The offset; 0 when nothing was done.</returns>
    public static float Shift(IReadOnlyList<float[]> channels, IUniformDraws draws, double range = 0.1, double probability = 1)
    {
        if (!(draws.NextDouble() < probability))
        {
            return 0;
        }

        // The amount is drawn in double and applied in float, as torch adds a number to a float tensor.
        var offset = (float)Amount(draws, range);
        foreach (var channel in channels)
        {
            foreach (ref var voxel in channel.AsSpan())
            {
                voxel += offset;
            }
        }

        return offset;
    }

    /// <summary>x · (1 + f), f uniform in [−range, range).</summary>
    /// <param name="channels">Voxels of each channel.</param>
    /// <param name="range">At least 0.</param>
    /// <returns>The factor 1 + f; 1 when nothing was done.</returns>
    public static float Scale(IReadOnlyList<float[]> channels, IUniformDraws draws, double range = 0.1, double probability = 1)
    {
        if (!(draws.NextDouble() < probability))
        {
            return 1;
        }

        var factor = (float)(1 + Amount(draws, range));
        foreach (var channel in channels)
        {
            foreach (ref var voxel in channel.AsSpan())
            {
                voxel *= factor;
            }
        }

        return factor;
    }

    private static double Amount(IUniformDraws draws, double range)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(range);
        return -range + (2 * range * draws.NextDouble());
    }
}
