using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>
/// Writes NIfTI-1 single files: little-endian, unscaled, millimetres, orientation as sform and, where a quaternion can
/// say it, as qform too. The gzip header carries no time, so equal volumes give equal bytes. Durable: the file is there
/// whole or not there.
/// </summary>
public static class NiftiWriter
{
    private const int BandSlices = 16;

    /// <summary>Writes a file; gzip when the name ends in .gz.</summary>
    /// <param name="storage">Voxel type; <see cref="NiftiStorages.SmallestFor"/> finds the smallest.</param>
    /// <exception cref="FederationException">BMF-1105 when an axis is longer than the format allows or the storage does not hold a voxel's value exactly, BMF-1403 when the disk is full.</exception>
    public static void Write(string path, Volume volume, NiftiStorage storage = NiftiStorage.Float32)
    {
        if (Math.Max(volume.Shape.I, Math.Max(volume.Shape.J, volume.Shape.K)) > short.MaxValue)
        {
            throw ErrorCatalogue.NiftiUnsupported.With($"{path}: {volume.Shape} has an axis longer than {short.MaxValue}.");
        }

        Check(path, volume, storage);
        DurableFile.Write(path, stream =>
        {
            if (!path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            {
                Write(stream, volume, storage);
                return;
            }

            using var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true);
            Write(gzip, volume, storage);
        });
    }

    private static void Check(string path, Volume volume, NiftiStorage storage)
    {
        if (storage == NiftiStorage.Float32)
        {
            return;
        }

        for (var n = 0; n < volume.Voxels.Length; n++)
        {
            var value = volume.Voxels[n];
            if (!NiftiStorages.Holds(storage, value))
            {
                throw ErrorCatalogue.NiftiUnsupported.With(string.Create(CultureInfo.InvariantCulture, $"{path}: the value {value} at voxel index {n} cannot be stored exactly as {storage}."));
            }
        }
    }

    private static void Write(Stream stream, Volume volume, NiftiStorage storage)
    {
        stream.Write(NiftiHeaderBytes.Of(volume, NiftiStorages.TypeOf(storage)));
        var shape = volume.Shape;
        var plane = shape.I * shape.J;
        var slices = Math.Min(BandSlices, shape.K);
        var band = new float[(long)plane * slices];
        var bytes = new byte[(long)plane * NiftiTypes.SizeOf((int)NiftiStorages.TypeOf(storage))];
        for (var k0 = 0; k0 < shape.K; k0 += slices)
        {
            // The file stores the first axis fastest, the volume the last.
            var count = Math.Min(slices, shape.K - k0);
            StridedCopy.Copy(volume.Voxels, k0, (1, shape.K, shape.J * shape.K), band, new VolumeShape(count, shape.J, shape.I));
            for (var k = 0; k < count; k++)
            {
                Convert(band.AsSpan(k * plane, plane), bytes, storage);
                stream.Write(bytes);
            }
        }
    }

    private static void Convert(ReadOnlySpan<float> values, byte[] bytes, NiftiStorage storage)
    {
        switch (storage)
        {
            case NiftiStorage.UInt8:
                for (var n = 0; n < values.Length; n++)
                {
                    bytes[n] = (byte)values[n];
                }

                break;
            case NiftiStorage.Int16:
                var int16 = MemoryMarshal.Cast<byte, short>(bytes.AsSpan());
                for (var n = 0; n < values.Length; n++)
                {
                    int16[n] = (short)values[n];
                }

                break;
            case NiftiStorage.UInt16:
                var uint16 = MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan());
                for (var n = 0; n < values.Length; n++)
                {
                    uint16[n] = (ushort)values[n];
                }

                break;
            default:
                MemoryMarshal.AsBytes(values).CopyTo(bytes);
                break;
        }
    }
}
