using System.Diagnostics;
using System.Globalization;

namespace BrainMVP.Federated.Tests.ObjectStorage;

/// <summary>A process that speaks S3 over HTTP on this machine.</summary>
public sealed class ObjectServer : IDisposable
{
    public const string Bucket = "brainmvp";

    /// <summary>Name of the key and the key.</summary>
    public const string Key = "S3RVER";

    private const int StartSeconds = 30;

    private readonly string _folder;
    private Process _process;

    /// <param name="folder">Where it keeps its objects.</param>
    public ObjectServer(string folder)
    {
        _folder = folder;
        (_process, Port) = Start(folder, 0);
    }

    public int Port { get; }

    /// <summary>The bucket, as <c>--s3</c> takes it.</summary>
    public string Url => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}/{Bucket}");

    /// <summary>Files in which objects are kept whose names begin with a prefix.</summary>
    public IEnumerable<string> Files(string prefix) => Directory.Exists(Path.Combine(_folder, Bucket, prefix))
        ? Directory.EnumerateFiles(Path.Combine(_folder, Bucket, prefix), "*", SearchOption.AllDirectories)
        : [];

    /// <summary>Why there is no such server here; null when there is.</summary>
    public static string? Absent() => Script() is null
        ? "the S3 server is not installed (npm ci --prefix tests/ObjectStorage)"
        : null;

    /// <summary>Kills it; its objects stay.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.Dispose();
    }

    /// <summary>Starts it again at the same port.</summary>
    public void Restart() => (_process, _) = Start(_folder, Port);

    public void Dispose() => Kill();

    private static string? Script()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var home = Path.Combine(at.FullName, "tests", "ObjectStorage");
            if (File.Exists(Path.Combine(home, "server.js")))
            {
                return Directory.Exists(Path.Combine(home, "node_modules", "s3rver")) ? Path.Combine(home, "server.js") : null;
            }
        }

        return null;
    }

    private static (Process Process, int Port) Start(string folder, int port)
    {
        Directory.CreateDirectory(folder);

        // It makes the marks in long lists with a cipher that OpenSSL counts as legacy.
        var process = Process.Start(new ProcessStartInfo("node", ["--openssl-legacy-provider", Script()!, folder, Bucket, port.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var line = process.StandardOutput.ReadLineAsync();
        return Task.WaitAny([line], TimeSpan.FromSeconds(StartSeconds)) == 0 && int.TryParse(line.Result, CultureInfo.InvariantCulture, out var listening)
            ? (process, listening)
            : throw new InvalidOperationException("The S3 server did not start.");
    }
}
