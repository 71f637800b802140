using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>
/// Foreground box whose margin may leave the image; what lies outside is 0 (MONAI 1.4.0 <c>CropForeground</c> with
/// allow_smaller false, the default from 1.5 on).
/// </summary>
public static class PaddedCrop
{
    /// <summary>Tight box of the foreground of all channels, made larger by a margin on every side and not cut to the image.</summary>
    /// <returns>Null when no voxel of any channel is above 0.</returns>
    public static VoxelBox? Box(IReadOnlyList<Volume> channels, int margin) =>
        ForegroundCrop.Box(channels) is { } box
            ? new VoxelBox(box.I0 - margin, box.J0 - margin, box.K0 - margin, box.I1 + margin, box.J1 + margin, box.K1 + margin)
            : null;

    /// <summary>Copies a box that may leave the image; the affine moves with it.</summary>
    /// <param name="volume">Source.</param>
    /// <param name="box">Not empty.</param>
    public static Volume Crop(Volume volume, VoxelBox box)
    {
        var (old, shape) = (volume.Shape, box.Shape);
        var voxels = new float[shape.Count];
        int k0 = Math.Max(box.K0, 0), count = Math.Min(box.K1, old.K) - k0;
        for (var i = Math.Max(box.I0, 0); i < Math.Min(box.I1, old.I) && count > 0; i++)
        {
            for (var j = Math.Max(box.J0, 0); j < Math.Min(box.J1, old.J); j++)
            {
                var to = ((((i - box.I0) * shape.J) + j - box.J0) * shape.K) + k0 - box.K0;
                volume.Voxels.AsSpan(volume.Index(i, j, k0), count).CopyTo(voxels.AsSpan(to));
            }
        }

        return new Volume(shape, volume.Affine.MovedTo(box.I0, box.J0, box.K0), voxels);
    }
}
