using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>
/// Samples a label map on another grid: the nearest voxel, so that no new label appears. A position half-way between
/// two voxels goes to the even index (torch's nearbyint; MONAI 1.4.0 <c>Spacing</c> with mode nearest).
/// </summary>
public static class LabelResampling
{
    private const double Tolerance = 1e-3;

    /// <summary>Resamples by world coordinates onto the grid of another volume; label 0 outside the field of view.</summary>
    public static Volume To(Volume labels, Volume grid) => To(labels, grid.Shape, grid.Affine, Outside.Zero);

    /// <summary>Resamples by world coordinates onto a grid.</summary>
    public static Volume To(Volume labels, VolumeShape shape, Affine affine, Outside outside)
    {
        var toSource = labels.Affine.Inverse() * affine;
        var old = labels.Shape;
        var voxels = new float[shape.Count];
        var next = 0;
        for (var i = 0; i < shape.I; i++)
        {
            for (var j = 0; j < shape.J; j++)
            {
                for (var k = 0; k < shape.K; k++, next++)
                {
                    var (x, y, z) = toSource.Apply(i, j, k);
                    if (outside == Outside.Border)
                    {
                        (x, y, z) = (Math.Clamp(x, 0, old.I - 1), Math.Clamp(y, 0, old.J - 1), Math.Clamp(z, 0, old.K - 1));
                    }

                    // Compared as double: positions far outside do not fit an integer.
                    (x, y, z) = (Math.Round(x), Math.Round(y), Math.Round(z));
                    if (x >= 0 && x < old.I && y >= 0 && y < old.J && z >= 0 && z < old.K)
                    {
                        voxels[next] = labels[(int)x, (int)y, (int)z];
                    }
                }
            }
        }

        return new Volume(shape, affine, voxels);
    }

    /// <summary>Resamples to isotropic voxels on the grid that <see cref="Spacing"/> gives an image of the same shape and affine.</summary>
    /// <param name="labels">Any orientation.</param>
    /// <param name="target">Voxel size in mm, above 0.</param>
    public static Volume ToSpacing(Volume labels, double target)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(target);
        var (shape, affine) = Spacing.Grid(labels, target);
        return shape == labels.Shape && labels.Affine.IsClose(affine, Tolerance)
            ? new Volume(shape, affine, labels.Voxels)
            : To(labels, shape, affine, Outside.Border);
    }
}
