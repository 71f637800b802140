using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Simulation.Processes;

namespace BrainMVP.Federated.Simulation.Federation;

/// <summary>
/// A PostgreSQL server of the simulation's own, in a temporary folder on a free port of this machine. It ends with the
/// simulation, however that ends: its leash is a shell that waits for the end of a pipe.
/// </summary>
public sealed class PrivatePostgres(string logPath) : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"bmf-postgres-{Guid.NewGuid():N}");
    private readonly int _port = FreePort();
    private string _programs = "";
    private Process? _leash;

    /// <summary>Connection string of the database.</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username=brainmvp;Database=postgres");

    private string Data => Path.Combine(_folder, "data");

    private string ProcessIdFile => Path.Combine(Data, "postmaster.pid");

    /// <summary>Whether PostgreSQL is installed.</summary>
    public static bool IsInstalled => Programs() is not null;

    /// <summary>Makes the database and starts the server.</summary>
    /// <exception cref="FederationException">BMF-1006 when PostgreSQL is not installed, BMF-1601 when it does not start.</exception>
    public async Task Start(CancellationToken cancellation)
    {
        _programs = Programs() ?? throw ErrorCatalogue.ArgumentInvalid.With("--postgres needs PostgreSQL on this machine (initdb and postgres; Debian: apt-get install postgresql).");
        Directory.CreateDirectory(_folder);
        if (IsRoot)
        {
            await Tool.Run("/bin/chown", ["postgres", _folder], Limit, cancellation);
        }

        var (file, arguments) = AsOwner($"'{_programs}/initdb' -D '{Data}' -U brainmvp -A trust -E UTF8 --no-sync");
        await Tool.Run(file, arguments, Limit, cancellation);
        await Serve(cancellation);
    }

    /// <summary>Kills the server by SIGKILL.</summary>
    public async Task Kill(CancellationToken cancellation)
    {
        if (File.Exists(ProcessIdFile) && int.TryParse((await File.ReadAllLinesAsync(ProcessIdFile, cancellation))[0], CultureInfo.InvariantCulture, out var id))
        {
            try
            {
                using var server = Process.GetProcessById(id);
                server.Kill();
            }
            catch (ArgumentException)
            {
                // It has just ended.
            }
        }

        await EndLeash();
    }

    /// <summary>Starts the killed server again; it recovers from its log.</summary>
    public Task Restart(CancellationToken cancellation) => Serve(cancellation);

    public async ValueTask DisposeAsync()
    {
        await EndLeash();
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static bool IsRoot => Environment.UserName == "root";

    private async Task Serve(CancellationToken cancellation)
    {
        // A server that was killed leaves its children behind for a moment; it does not start before they are gone.
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(Limit);
        while (true)
        {
            var server = $"'{_programs}/postgres' -D '{Data}' -p {_port.ToString(CultureInfo.InvariantCulture)} -h 127.0.0.1 -k '{_folder}'";
            var (file, arguments) = AsOwner($"{server} < /dev/null & server=$!; cat > /dev/null; kill -INT $server; wait $server");
            _leash = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >> \"$log\" 2>&1", "sh", logPath, file, .. arguments]) { RedirectStandardInput = true, WorkingDirectory = "/" })
                ?? throw ErrorCatalogue.SimulationFailed.With("PostgreSQL could not be started.");
            while (!_leash.HasExited)
            {
                if (await Answers(deadline.Token))
                {
                    return;
                }

                if (deadline.IsCancellationRequested || !await IsServerStarting())
                {
                    break;
                }
            }

            await EndLeash();
            cancellation.ThrowIfCancellationRequested();
            if (deadline.IsCancellationRequested)
            {
                throw ErrorCatalogue.SimulationFailed.With($"PostgreSQL was not ready within {Limit.TotalSeconds:F0} s; its log is {logPath}.");
            }
        }
    }

    /// <summary>Whether the server has written its process id; it gives up at once when an old one is in the way.</summary>
    private async Task<bool> IsServerStarting()
    {
        for (var waited = TimeSpan.Zero; waited < TimeSpan.FromSeconds(2); waited += LookAgain)
        {
            await Task.Delay(LookAgain, CancellationToken.None);
            if (File.Exists(ProcessIdFile) && int.TryParse((await File.ReadAllLinesAsync(ProcessIdFile)).FirstOrDefault() ?? "", CultureInfo.InvariantCulture, out var id) && Directory.Exists($"/proc/{id}"))
            {
                return true;
            }
        }

        return false;
    }

    private async Task<bool> Answers(CancellationToken cancellation)
    {
        try
        {
            await Tool.Run($"{_programs}/pg_isready", ["-q", "-h", "127.0.0.1", "-p", _port.ToString(CultureInfo.InvariantCulture)], Limit, cancellation);
            return true;
        }
        catch (Exception e) when (e is FederationException or OperationCanceledException)
        {
            return false;
        }
    }

    private async Task EndLeash()
    {
        if (_leash is null)
        {
            return;
        }

        _leash.StandardInput.Close();
        using var limit = new CancellationTokenSource(Limit);
        await _leash.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_leash.HasExited)
        {
            _leash.Kill(entireProcessTree: true);
        }

        _leash.Dispose();
        _leash = null;
    }

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static (string File, string[] Arguments) AsOwner(string command) =>
        IsRoot ? ("/bin/su", ["postgres", "-s", "/bin/sh", "-c", command]) : ("/bin/sh", ["-c", command]);

    private static string? Programs() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending(StringComparer.Ordinal).Select(d => Path.Combine(d, "bin")) : [])
        .FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")) && File.Exists(Path.Combine(d, "postgres")) && File.Exists(Path.Combine(d, "pg_isready")));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
