using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>Boxes of one size at uniform positions (MONAI 1.4.0 <c>RandSpatialCrop</c> with random_size false, <c>RandSpatialCropSamples</c>).</summary>
public static class RandomCrop
{
    /// <summary>
    /// One box, as large as the image along axes where the image is smaller. Takes one integer below image − roi + 1
    /// for each axis that is longer than the roi, in the order of the axes, and none for the others.
    /// </summary>
    /// <param name="image">Shape of the image.</param>
    /// <param name="roi">Wanted shape, sides of at least 1.</param>
    public static VoxelBox Box(VolumeShape image, VolumeShape roi, IUniformDraws draws)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Math.Min(roi.I, Math.Min(roi.J, roi.K)), 1, nameof(roi));
        var i = Start(image.I, roi.I);
        var j = Start(image.J, roi.J);
        var k = Start(image.K, roi.K);
        return new VoxelBox(i, j, k, Math.Min(i + roi.I, image.I), Math.Min(j + roi.J, image.J), Math.Min(k + roi.K, image.K));

        int Start(int size, int wanted) => size > wanted ? draws.NextInt32(size - wanted + 1) : 0;
    }

    /// <summary>Several independent boxes, one after the other.</summary>
    public static VoxelBox[] Boxes(VolumeShape image, VolumeShape roi, int count, IUniformDraws draws)
    {
        var boxes = new VoxelBox[count];
        for (var n = 0; n < count; n++)
        {
            boxes[n] = Box(image, roi, draws);
        }

        return boxes;
    }
}
