using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>
/// Opens files that people name, and only files: opening a pipe waits for its other end, and a device may never end.
/// Links are followed.
/// </summary>
public static class RegularFile
{
    /// <summary>Opens a file for reading from its start.</summary>
    /// <exception cref="FederationException">BMF-1110 when there is no such file, it is a folder or cannot be opened; BMF-1102 when it has no bytes, which is also what pipes and devices say of themselves.</exception>
    public static FileStream OpenRead(string path)
    {
        try
        {
            var info = new FileInfo(path);
            if (!info.Exists)
            {
                throw ErrorCatalogue.DataFolderMissing.With(Directory.Exists(path) ? $"{path} is a folder; a file is needed." : $"{path} does not exist.");
            }

            // The length of a link is that of its text; what counts is what it leads to.
            var target = info.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? info;
            if (!target.Exists)
            {
                throw ErrorCatalogue.DataFolderMissing.With($"{path} is a link to {target.FullName}, which is no file.");
            }

            if (target.Length == 0)
            {
                throw ErrorCatalogue.FileTruncated.With($"{path} is empty, or a pipe or device instead of a file.");
            }

            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw ErrorCatalogue.DataFolderMissing.With($"{path} cannot be read: {e.Message}", e);
        }
    }
}
