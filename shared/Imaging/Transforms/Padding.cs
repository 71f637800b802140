using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>Zero padding, half before and the rest after (MONAI 1.4.0 <c>SpatialPad</c>, symmetric). Never crops.</summary>
public static class Padding
{
    public static Volume Symmetric(Volume volume, VolumeShape least)
    {
        var old = volume.Shape;
        var shape = new VolumeShape(Math.Max(old.I, least.I), Math.Max(old.J, least.J), Math.Max(old.K, least.K));
        if (shape == old)
        {
            return volume;
        }

        int bi = (shape.I - old.I) / 2, bj = (shape.J - old.J) / 2, bk = (shape.K - old.K) / 2;
        var voxels = new float[shape.Count];
        for (var i = 0; i < old.I; i++)
        {
            for (var j = 0; j < old.J; j++)
            {
                volume.Voxels.AsSpan(volume.Index(i, j, 0), old.K).CopyTo(voxels.AsSpan(((((i + bi) * shape.J) + j + bj) * shape.K) + bk));
            }
        }

        return new Volume(shape, volume.Affine.MovedTo(-bi, -bj, -bk), voxels);
    }
}
