using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>
/// The names of the files below a folder. Links to folders are not followed (they may lead round in a circle), links
/// to files are; hidden files and folders are left out. A folder that may not be read is reported and the others go on.
/// </summary>
internal static class FileTree
{
    private const int MaximumFiles = 2_000_000;
    private const int MaximumDepth = 32;
    private static readonly HashSet<string> SystemFolders = new(StringComparer.OrdinalIgnoreCase) { "__MACOSX", "@eaDir", "lost+found", "$RECYCLE.BIN" };

    /// <param name="root">Full path of a folder.</param>
    /// <param name="except">Full path of a folder to leave out: results of an earlier scan.</param>
    /// <param name="found">Told the number of files so far.</param>
    /// <returns>Relative paths with '/' in ordinal order, and folders that may not be read.</returns>
    /// <exception cref="FederationException">BMF-1110 when there are more files than can be held.</exception>
    public static (IReadOnlyList<string> Files, IReadOnlyList<string> Unreadable) Read(string root, string? except, Action<int> found, CancellationToken cancellation)
    {
        var (files, unreadable) = (new List<string>(), new List<string>());
        var pending = new Stack<(DirectoryInfo Folder, string Prefix, int Depth)>();
        pending.Push((new DirectoryInfo(root), "", 0));
        while (pending.TryPop(out var next))
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                foreach (var entry in next.Folder.EnumerateFileSystemInfos())
                {
                    if (entry.Name.StartsWith('.') || SystemFolders.Contains(entry.Name))
                    {
                        continue;
                    }

                    if (entry is DirectoryInfo folder)
                    {
                        if (folder.LinkTarget is null && next.Depth < MaximumDepth && folder.FullName != except)
                        {
                            pending.Push((folder, $"{next.Prefix}{folder.Name}/", next.Depth + 1));
                        }
                    }
                    else
                    {
                        files.Add(next.Prefix + entry.Name);
                    }
                }
            }
            catch (UnauthorizedAccessException) when (next.Depth > 0)
            {
                unreadable.Add(next.Prefix.TrimEnd('/'));
            }

            if (files.Count > MaximumFiles)
            {
                throw ErrorCatalogue.DataFolderMissing.With($"{root} holds more than {MaximumFiles} files; give a folder inside it.");
            }

            found(files.Count);
        }

        files.Sort(StringComparer.Ordinal);
        unreadable.Sort(StringComparer.Ordinal);
        return (files, unreadable);
    }
}
