using System.Globalization;

namespace BrainMVP.Federated.EndToEnd.Tests.Support;

/// <summary>
/// A test's own folder. Every process of the test has the folder's path on its command line, so that those left behind
/// are found whoever started them.
/// </summary>
internal sealed class TemporaryFolder : IAsyncDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("bmf-end-to-end-").FullName;

    public string PathOf(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    /// <summary>Writes a text file and answers its path.</summary>
    public string Write(string name, string text)
    {
        var path = PathOf(name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Processes whose command line names this folder.</summary>
    public IReadOnlyList<(int Id, string CommandLine)> Processes() => ProcessesWith(Root);

    /// <summary>Processes whose command line holds all the texts.</summary>
    public static IReadOnlyList<(int Id, string CommandLine)> ProcessesWith(params string[] texts)
    {
        // The first look misses a process that was started after its listing by one that ended before its turn came.
        var found = Look(texts);
        return found.Count > 0 ? found : Look(texts);
    }

    private static List<(int Id, string CommandLine)> Look(string[] texts)
    {
        var found = new List<(int, string)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id == Environment.ProcessId)
            {
                continue;
            }

            try
            {
                var line = File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ');
                if (texts.All(t => line.Contains(t, StringComparison.Ordinal)))
                {
                    found.Add((id, line));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has just ended.
            }
        }

        return found;
    }

    /// <summary>Asserts that no process is left at this instant.</summary>
    public void HoldsNoProcess() => Assert.Empty(Processes());

    public async ValueTask DisposeAsync()
    {
        var left = Processes();
        foreach (var (id, _) in left)
        {
            try
            {
                using var process = System.Diagnostics.Process.GetProcessById(id);
                process.Kill();
                await process.WaitForExitAsync(CancellationToken.None);
            }
            catch (ArgumentException)
            {
                // It has just ended.
            }
        }

        Directory.Delete(Root, recursive: true);
        Assert.Empty(left);
    }
}
