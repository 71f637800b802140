using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>The part of a crop that lies in one chunk, row by row along the last axis.</summary>
internal static class ChunkRows
{
    /// <param name="numbers">The chunk, C order.</param>
    /// <param name="box">Voxels of the chunk.</param>
    /// <param name="part">Voxels of the crop among them.</param>
    /// <param name="destination">The crop from the part's first voxel on.</param>
    /// <param name="crop">Sides of the crop.</param>
    public static void Decode(ReadOnlySpan<ushort> numbers, VoxelBox box, VoxelBox part, Span<float> destination, IReadOnlyList<int> crop)
    {
        var (shape, sideJ, sideK) = (part.Shape, crop[1], crop[2]);
        var (rowsOfBox, lengthOfBox) = (box.Shape.J, box.Shape.K);
        for (var i = 0; i < shape.I; i++)
        {
            var from = ((((part.I0 - box.I0 + i) * rowsOfBox) + (part.J0 - box.J0)) * lengthOfBox) + (part.K0 - box.K0);
            var to = i * sideJ * sideK;
            for (var j = 0; j < shape.J; j++, from += lengthOfBox, to += sideK)
            {
                Quantization.Decode(numbers.Slice(from, shape.K), destination.Slice(to, shape.K));
            }
        }
    }

    /// <param name="part">Sides of the part.</param>
    /// <param name="destination">The crop from the part's first voxel on.</param>
    /// <param name="crop">Sides of the crop.</param>
    public static void Clear(VolumeShape part, Span<float> destination, IReadOnlyList<int> crop)
    {
        for (var i = 0; i < part.I; i++)
        {
            for (var j = 0; j < part.J; j++)
            {
                destination.Slice(((i * crop[1]) + j) * crop[2], part.K).Clear();
            }
        }
    }
}
