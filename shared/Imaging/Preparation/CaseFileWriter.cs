using System.IO.Hashing;
using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>Writes case files; <see cref="CaseHeader"/> says what is in them.</summary>
internal static class CaseFileWriter
{
    /// <summary>Writes a case so that the file is there whole or not at all. One chunk is in memory at a time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="key">SHA-256 of everything that the case depends on, hexadecimal.</param>
    /// <param name="prepared">Channels of 0..1.</param>
    /// <param name="side">Voxels of a chunk; <see cref="CaseHeader.DefaultSide"/> without it.</param>
    /// <exception cref="FederationException">BMF-1403 when the disk is full.</exception>
    public static void Write(string path, string key, PreparedCase prepared, VolumeShape? side = null)
    {
        var header = CaseHeader.Create(prepared, key, side ?? CaseHeader.DefaultSide);
        DurableFile.Write(path, stream =>
        {
            var entries = new List<(long Offset, ulong Checksum)>();
            stream.Position = header.Bytes;
            foreach (var channel in prepared.Channels)
            {
                WriteChunks(stream, channel, header.Grid, entries);
            }

            var end = stream.Position;
            stream.Position = 0;
            stream.Write(header.Write(end, entries));
        });
    }

    private static void WriteChunks(Stream stream, float[] channel, ChunkGrid grid, List<(long Offset, ulong Checksum)> entries)
    {
        var buffer = new ushort[grid.Side.Count];
        for (var chunk = 0; chunk < grid.Count; chunk++)
        {
            var box = grid.At(chunk);
            var numbers = buffer.AsSpan(0, (int)box.Shape.Count);
            if (Gather(channel, grid.Shape, box, numbers))
            {
                entries.Add((0, 0));
                continue;
            }

            var bytes = MemoryMarshal.AsBytes(numbers);
            entries.Add((stream.Position, XxHash3.HashToUInt64(bytes)));
            stream.Write(bytes);
        }
    }

    /// <returns>True when all voxels of the box are 0.</returns>
    private static bool Gather(float[] channel, VolumeShape shape, VoxelBox box, Span<ushort> numbers)
    {
        var (empty, next, row) = (true, 0, box.K1 - box.K0);
        for (var i = box.I0; i < box.I1; i++)
        {
            for (var j = box.J0; j < box.J1; j++)
            {
                empty &= Quantization.Encode(channel.AsSpan((((i * shape.J) + j) * shape.K) + box.K0, row), numbers.Slice(next, row));
                next += row;
            }
        }

        return empty;
    }
}
