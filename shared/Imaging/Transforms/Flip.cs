using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>Mirrors voxels along axes. Each voxel keeps its place in the world: the affine is mirrored too.</summary>
public static class Flip
{
    /// <returns>A new volume, or the same when no axis is flipped.</returns>
    public static Volume Along(Volume volume, bool i, bool j, bool k)
    {
        if (!i && !j && !k)
        {
            return volume;
        }

        var shape = volume.Shape;
        var voxels = new float[volume.Voxels.Length];
        var next = 0;
        for (var a = 0; a < shape.I; a++)
        {
            for (var b = 0; b < shape.J; b++, next += shape.K)
            {
                var row = voxels.AsSpan(next, shape.K);
                volume.Voxels.AsSpan(volume.Index(i ? shape.I - 1 - a : a, j ? shape.J - 1 - b : b, 0), shape.K).CopyTo(row);
                if (k)
                {
                    row.Reverse();
                }
            }
        }

        var mirror = Affine.Scaling(i ? -1 : 1, j ? -1 : 1, k ? -1 : 1, i ? shape.I - 1 : 0, j ? shape.J - 1 : 0, k ? shape.K - 1 : 0);
        return new Volume(shape, volume.Affine * mirror, voxels);
    }

    /// <summary>
    /// One coin for a whole case: heads flips all three axes together, in every image channel and label map alike
    /// (MONAI 1.4.0 <c>RandFlipd</c> with spatial_axis (0, 1, 2)). Takes one number u; heads is u &lt; probability.
    /// </summary>
    public static Volume[] AllAxesAtRandom(IReadOnlyList<Volume> volumes, IUniformDraws draws, double probability = 0.5)
    {
        var heads = draws.NextDouble() < probability;
        var result = new Volume[volumes.Count];
        for (var n = 0; n < result.Length; n++)
        {
            result[n] = Along(volumes[n], heads, heads, heads);
        }

        return result;
    }
}
