using System.Buffers.Binary;
using System.IO.Compression;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.Support;

/// <summary>A folder of small volumes to scan.</summary>
internal sealed class Tree : IDisposable
{
    private const int VoxelsAt = 352;
    private static readonly Lazy<byte[]> Sample = new(MakeSample);
    private readonly TemporaryFolder _folder = new();

    public string Path => _folder.Path;

    public string PathOf(string name) => _folder.File(name);

    /// <summary>Puts an 8x8x8 volume under each name that is one of an image, an empty file under the others.</summary>
    public Tree Touch(params string[] names)
    {
        foreach (var name in names)
        {
            File.WriteAllBytes(_folder.File(name), DatasetFolder.ImageStem(name) is null ? [] : Sample.Value);
        }

        return this;
    }

    public Tree Write(string name, string text)
    {
        File.WriteAllText(_folder.File(name), text);
        return this;
    }

    /// <summary>Puts a volume of zeros with other sizes.</summary>
    public Tree Sized(string name, params short[] sizes)
    {
        var bytes = Sample.Value.ToArray();
        BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(40), (short)sizes.Length);
        for (var n = 0; n < sizes.Length; n++)
        {
            BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(42 + (2 * n)), sizes[n]);
        }

        using var gzip = new GZipStream(File.Create(_folder.File(name)), CompressionLevel.Fastest);
        gzip.Write(bytes.AsSpan(0, VoxelsAt));
        gzip.Write(new byte[sizes.Aggregate(sizeof(float), (product, size) => product * size)]);
        return this;
    }

    public ScanFindings Find() => DatasetScanner.Find(Path, new ScanOptions(), TestContext.Current.CancellationToken).WithTwinsUncertain();

    /// <summary>"sub-01 ses-02 t1 accepted" by relative path; a 4-D file's volume as #0.</summary>
    public Dictionary<string, string> Found() => Find().Series.ToDictionary(
        s => System.IO.Path.GetRelativePath(Path, s.File.ToString()).Replace('\\', '/'),
        s => $"{s.FullSubject} {(s.Session.Length > 0 ? s.Session : "-")} {(s.Modality.Length > 0 ? s.Modality : "-")} {s.Status.ToString().ToLowerInvariant()}",
        StringComparer.Ordinal);

    /// <param name="lines">"path: subject session modality status".</param>
    public void Expect(params string[] lines) => Assert.Equal(
        string.Join('\n', lines.Order(StringComparer.Ordinal)),
        string.Join('\n', Found().Select(f => $"{f.Key}: {f.Value}").Order(StringComparer.Ordinal)));

    public void Dispose() => _folder.Dispose();

    private static byte[] MakeSample()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("sample.nii");
        NiftiWriter.Write(path, new Volume(new VolumeShape(8, 8, 8), Affine.Identity, new float[512]));
        return File.ReadAllBytes(path);
    }
}
