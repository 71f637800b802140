using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>
/// Voxels of one volume from a stream that stores the first axis fastest to an array that stores the last axis fastest,
/// in buffers of at most 6 MiB beside the array itself.
/// </summary>
internal static class VoxelReader
{
    private const int RawBytes = 4 << 20;
    private const int RunVoxels = 1 << 19;

    // A tile of floats stays in the first-level cache; the odd stride keeps its rows in different sets of it.
    private const int TileSlices = 32;
    private const int TileColumns = 192;
    private const int TileStride = TileColumns + 16;

    /// <param name="input">Stands at the first voxel.</param>
    /// <exception cref="FederationException">BMF-1102 when it ends too early, BMF-1105 when the machine does not give the memory.</exception>
    public static float[] Read(NiftiInput input, NiftiHeader header)
    {
        var shape = header.Shape;
        var plane = (long)shape.I * shape.J * header.VoxelBytes;
        return plane <= RawBytes ? ReadSlices(input, header, (int)Math.Min(Math.Min(RawBytes / plane, TileSlices), shape.K)) : ReadRuns(input, header);
    }

    /// <summary>Several slices at a time.</summary>
    private static float[] ReadSlices(NiftiInput input, NiftiHeader header, int slices)
    {
        var (shape, size) = (header.Shape, header.VoxelBytes);
        var plane = shape.I * shape.J;
        var raw = new byte[plane * size * slices];
        var tile = new float[TileStride * slices];
        float[]? voxels = null;
        for (var k0 = 0; k0 < shape.K; k0 += slices)
        {
            var count = Math.Min(slices, shape.K - k0);
            var band = raw.AsSpan(0, plane * size * count);
            Fill(input, band, k0, shape.K);
            voxels ??= Allocate(header, input.Path);
            for (var i0 = 0; i0 < shape.I; i0 += TileColumns)
            {
                var columns = Math.Min(TileColumns, shape.I - i0);
                for (var j = 0; j < shape.J; j++)
                {
                    for (var k = 0; k < count; k++)
                    {
                        var row = band.Slice(((k * plane) + (j * shape.I) + i0) * size, columns * size);
                        VoxelConversion.ToFloat(row, tile.AsSpan(k * TileStride, columns), header.Type, header.BigEndian, header.Scale);
                    }

                    var target = voxels.AsSpan((((i0 * shape.J) + j) * shape.K) + k0);
                    for (var i = 0; i < columns; i++)
                    {
                        Turn(tile.AsSpan(i), target.Slice(i * shape.J * shape.K, count));
                    }
                }
            }
        }

        return voxels!;
    }

    /// <summary>One column of the tile becomes a row.</summary>
    private static void Turn(ReadOnlySpan<float> column, Span<float> row)
    {
        for (var k = 0; k < row.Length; k++)
        {
            row[k] = column[k * TileStride];
        }
    }

    /// <summary>Slices that are larger than the buffer: runs of voxels that end anywhere.</summary>
    private static float[] ReadRuns(NiftiInput input, NiftiHeader header)
    {
        var (shape, size) = (header.Shape, header.VoxelBytes);
        var plane = shape.I * shape.J;
        var raw = new byte[RunVoxels * size];
        var values = new float[RunVoxels];
        float[]? voxels = null;
        for (var k = 0; k < shape.K; k++)
        {
            for (var done = 0; done < plane; done += values.Length)
            {
                var count = Math.Min(values.Length, plane - done);
                var run = raw.AsSpan(0, count * size);
                Fill(input, run, k, shape.K);
                voxels ??= Allocate(header, input.Path);
                VoxelConversion.ToFloat(run, values.AsSpan(0, count), header.Type, header.BigEndian, header.Scale);
                var (j, i) = Math.DivRem(done, shape.I);
                for (var n = 0; n < count; n++)
                {
                    voxels[(((i * shape.J) + j) * shape.K) + k] = values[n];
                    if (++i == shape.I)
                    {
                        (i, j) = (0, j + 1);
                    }
                }
            }
        }

        return voxels!;
    }

    private static void Fill(NiftiInput input, Span<byte> bytes, int slice, int slices)
    {
        if (input.Read(bytes) < bytes.Length)
        {
            throw ErrorCatalogue.FileTruncated.With($"{input.Path} ends in or soon after slice {slice} of {slices}.");
        }
    }

    /// <summary>Only after the first voxels have really come.</summary>
    private static float[] Allocate(NiftiHeader header, string path)
    {
        try
        {
            return GC.AllocateUninitializedArray<float>((int)header.Shape.Count);
        }
        catch (OutOfMemoryException e)
        {
            throw ErrorCatalogue.NiftiUnsupported.With($"{path} needs {header.Shape.Count * sizeof(float) >> 20} MiB of memory for {header.Shape} voxels, which this machine does not give.", e);
        }
    }
}
