namespace BrainMVP.Federated.Imaging.Tests.Support;

/// <summary>Public volumes beside the repository; tests that need them skip where they are absent.</summary>
internal static class TestData
{
    public static string Require(string relative)
    {
        var root = Environment.GetEnvironmentVariable("BRAINMVP_TEST_DATA") ?? Beside();
        var path = root is null ? null : Path.Combine(root, relative);
        Assert.SkipUnless(path is not null && Path.Exists(path), $"The public test volumes ({relative}) are not on this machine; set BRAINMVP_TEST_DATA to their folder.");
        return path!;
    }

    private static string? Beside()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "BrainMVP.Federated.sln")))
            {
                return Path.Combine(folder.FullName, "..", "shared", "data");
            }
        }

        return null;
    }
}

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Path = Directory.CreateTempSubdirectory("bmvp-imaging-").FullName;

    public string Path { get; }

    public string File(string name)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
