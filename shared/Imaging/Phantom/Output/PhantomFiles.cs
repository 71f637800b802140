using System.Buffers.Binary;
using System.IO.Compression;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Phantom.Output;

/// <summary>The one place where volumes of phantoms become files.</summary>
internal static class PhantomFiles
{
    private const int DimensionsAt = 40;
    private const int FourthSpacingAt = 92;

    public static void Write(string root, OutputFile file)
    {
        var path = Path.Combine([root, .. file.Path.Split('/')]);
        if (file.Volumes.Count == 1)
        {
            WriteOne(path, file.Volumes[0], file.IsLabels);
        }
        else
        {
            WriteSeveral(path, file);
        }
    }

    /// <summary>Scanners store whole numbers, and so do the volumes.</summary>
    private static void WriteOne(string path, Volume volume, bool labels) => NiftiWriter.Write(path, volume, labels ? NiftiStorage.UInt8 : NiftiStorage.Int16);

    /// <summary>A four-dimensional file: the first volume's header with another size, then the voxels of all.</summary>
    private static void WriteSeveral(string path, OutputFile file)
    {
        var scratch = Directory.CreateTempSubdirectory("phantom-").FullName;
        try
        {
            DurableFile.Write(path, stream =>
            {
                using var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true);
                for (var n = 0; n < file.Volumes.Count; n++)
                {
                    var single = Path.Combine(scratch, "single.nii");
                    WriteOne(single, file.Volumes[n], file.IsLabels);
                    var bytes = File.ReadAllBytes(single);
                    var voxelsAt = (int)BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(108));
                    if (n == 0)
                    {
                        BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(DimensionsAt), 4);
                        BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(DimensionsAt + 8), (short)file.Volumes.Count);
                        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(FourthSpacingAt), 1);
                        gzip.Write(bytes.AsSpan(0, voxelsAt));
                    }

                    gzip.Write(bytes.AsSpan(voxelsAt));
                }
            });
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }
}
