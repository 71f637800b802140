namespace BrainMVP.Federated.Imaging.External;

/// <summary>Series that are DICOM and need a convert step.</summary>
internal static class DicomInput
{
    private const int MagicAt = 128;

    /// <summary>The folder of a series when its path is a folder or a DICOM file (PS3.10: "DICM" after 128 bytes); else null.</summary>
    public static string? FolderOf(string path)
    {
        if (Directory.Exists(path))
        {
            return path;
        }

        try
        {
            using var file = File.OpenRead(path);
            var start = new byte[MagicAt + 4];
            return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.AsSpan(MagicAt).SequenceEqual("DICM"u8)
                ? Path.GetDirectoryName(Path.GetFullPath(path))
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Whoever reads it next says what is wrong.
            return null;
        }
    }
}
