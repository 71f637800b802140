using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>
/// Writes NIfTI-1 single files: float32, little-endian, orientation as sform (code 2, aligned), millimetres. The gzip
/// header carries no time, so equal volumes give equal bytes. Durable: the file is there whole or not there.
/// </summary>
public static class NiftiWriter
{
    /// <summary>Writes a file; gzip when the name ends in .gz.</summary>
    /// <exception cref="FederationException">BMF-1105 when an axis is longer than the format allows, BMF-1403 when the disk is full.</exception>
    public static void Write(string path, Volume volume)
    {
        if (Math.Max(volume.Shape.I, Math.Max(volume.Shape.J, volume.Shape.K)) > short.MaxValue)
        {
            throw ErrorCatalogue.NiftiUnsupported.With($"{path}: {volume.Shape} has an axis longer than {short.MaxValue}.");
        }

        DurableFile.Write(path, stream =>
        {
            if (!path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            {
                Write(stream, volume);
                return;
            }

            using var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true);
            Write(gzip, volume);
        });
    }

    private static void Write(Stream stream, Volume volume)
    {
        stream.Write(Header(volume));
        var (shape, voxels) = (volume.Shape, volume.Voxels);
        var slice = new float[shape.I * shape.J];
        for (var k = 0; k < shape.K; k++)
        {
            for (var i = 0; i < shape.I; i++)
            {
                for (var j = 0; j < shape.J; j++)
                {
                    slice[(j * shape.I) + i] = voxels[(((i * shape.J) + j) * shape.K) + k];
                }
            }

            stream.Write(MemoryMarshal.AsBytes(slice.AsSpan()));
        }
    }

    private static byte[] Header(Volume volume)
    {
        var bytes = new byte[352];
        void Int16(int at, int value) => BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(at), (short)value);
        void Float32(int at, double value) => BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(at), (float)value);

        BinaryPrimitives.WriteInt32LittleEndian(bytes, 348);
        Int16(40, 3);
        var spacing = volume.Affine.Spacing;
        ReadOnlySpan<double> sizes = [spacing.X, spacing.Y, spacing.Z];
        for (var axis = 0; axis < 3; axis++)
        {
            Int16(42 + (2 * axis), volume.Shape[axis]);
            Float32(80 + (4 * axis), sizes[axis]);
        }

        for (var unused = 4; unused < 8; unused++)
        {
            Int16(40 + (2 * unused), 1);
        }

        Int16(70, (int)NiftiType.Float32);
        Int16(72, 32);
        Float32(76, 1);
        Float32(108, 352);
        Float32(112, 1);
        bytes[123] = 2;
        Int16(254, 2);
        var rows = volume.Affine.ToRows();
        for (var n = 0; n < rows.Length; n++)
        {
            Float32(280 + (4 * n), rows[n]);
        }

        "n+1\0"u8.CopyTo(bytes.AsSpan(344));
        return bytes;
    }
}
