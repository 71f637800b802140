using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>Weights of a window's voxels when overlapping predictions are averaged, C order.</summary>
public static class ImportanceMap
{
    /// <summary>Smallest weight, so that no voxel is divided by almost nothing.</summary>
    private const float Least = 1e-3f;

    /// <summary>All voxels count alike (MONAI mode "constant"; BrainMVP's downstream evaluation).</summary>
    public static float[] Constant(VolumeShape roi)
    {
        var weights = new float[roi.Count];
        Array.Fill(weights, 1f);
        return weights;
    }

    /// <summary>
    /// Product of one bell curve a axis, exp(−x²/2σ²) with σ = scale · side and x from the window's centre, at least
    /// 0.001 (MONAI 1.4.0 mode "gaussian"). In float throughout, multiplied in the order of the axes.
    /// </summary>
    /// <param name="roi">Shape of a window.</param>
    /// <param name="scale">Above 0.</param>
    public static float[] Gaussian(VolumeShape roi, double scale = 0.125)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(scale);
        float[] i = Curve(roi.I, scale), j = Curve(roi.J, scale), k = Curve(roi.K, scale);
        var weights = new float[roi.Count];
        var next = 0;
        foreach (var a in i)
        {
            foreach (var b in j)
            {
                var ab = a * b;
                foreach (var c in k)
                {
                    weights[next++] = Math.Max(ab * c, Least);
                }
            }
        }

        return weights;
    }

    private static float[] Curve(int side, double scale)
    {
        var sigma = side * scale;
        var divisor = (float)(-2 * sigma * sigma);
        var curve = new float[side];
        for (var n = 0; n < side; n++)
        {
            var x = n - ((side - 1) / 2f);
            curve[n] = MathF.Exp(x * x / divisor);
        }

        return curve;
    }
}
