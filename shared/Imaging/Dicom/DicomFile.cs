using BrainMVP.Federated.Imaging.Layouts;

namespace BrainMVP.Federated.Imaging.Dicom;

/// <summary>Which files may be DICOM, and their headers.</summary>
internal static class DicomFile
{
    /// <summary>Headers end far before this; private elements may be long.</summary>
    private const int MostBytes = 1 << 20;
    private const int FirstBytes = 16 * 1024;

    private static readonly HashSet<string> Extensions = new(StringComparer.OrdinalIgnoreCase) { "", ".dcm", ".dicom", ".dic", ".ima", ".mr", ".img" };

    /// <summary>By name alone. Exports often have no extension, or the end of an identifier as one.</summary>
    public static bool MayBe(string relative)
    {
        var name = relative[(relative.LastIndexOf('/') + 1)..];
        var extension = Path.GetExtension(name);
        return !name.Equals("DICOMDIR", StringComparison.OrdinalIgnoreCase) && DatasetFolder.ImageStem(name) is null
            && (Extensions.Contains(extension) || (extension.Length > 1 && extension.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0));
    }

    /// <returns>Also NotDicom when the file cannot be read.</returns>
    public static (DicomOutcome Outcome, DicomHeader? Header) Read(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            var bytes = new byte[FirstBytes];
            var read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            var first = DicomParser.Parse(bytes.AsSpan(0, read), read < bytes.Length);
            if (first.Outcome != DicomOutcome.NeedMore)
            {
                return first;
            }

            var more = new byte[(int)Math.Min(MostBytes, file.Length)];
            file.Position = 0;
            return DicomParser.Parse(more.AsSpan(0, file.ReadAtLeast(more, more.Length, throwOnEndOfStream: false)), whole: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (DicomOutcome.NotDicom, null);
        }
    }
}
