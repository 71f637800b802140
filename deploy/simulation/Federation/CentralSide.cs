using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Simulation.Faults;
using BrainMVP.Federated.Simulation.Processes;
using BrainMVP.Federated.Trust.Transport;
using Grpc.Core;

namespace BrainMVP.Federated.Simulation.Federation;

/// <summary>The aggregator: one process with its embedded database, or several silos over one PostgreSQL.</summary>
/// <param name="port">Port of the first process; 0 takes a free one.</param>
/// <param name="silos">Processes; with PostgreSQL also one makes sense.</param>
/// <param name="postgres">The database of the silos; null for the embedded one.</param>
/// <param name="bucket">Object store as <c>aggregator serve --s3</c> takes it: each silo has a folder of its own then. Null for a shared folder.</param>
public sealed class CentralSide(Executables executables, SimulationFolder folder, int port, int silos, PrivatePostgres? postgres, string? bucket, FaultWatch faults) : IAsyncDisposable
{
    private const string Alone = "aggregator";
    private const int PortAttempts = 5;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(5);

    private readonly List<(string Who, int Port, ManagedProcess Process)> _members = [];

    /// <summary>Every process with its name in fault orders.</summary>
    public IEnumerable<(string Who, ManagedProcess Process)> Members => _members.Select(m => (m.Who, m.Process));

    /// <summary>Port of each process.</summary>
    public IReadOnlyList<int> Ports => [.. _members.Select(m => m.Port)];

    /// <summary>Addresses of all processes, as an administrator gives them: silos without a shared folder do not find each other's there.</summary>
    public string Url => string.Join(',', Ports.Select(p => $"https://127.0.0.1:{Text(p)}"));

    /// <summary>Creates the consortium and starts everything.</summary>
    public async Task Start(CancellationToken cancellation)
    {
        await Tool.Run(executables.Aggregator, ["init", "--dir", folder.Aggregator, "--consortium", "simulation", "--host", "127.0.0.1"], CommandLimit, cancellation);
        if (postgres is not null)
        {
            await postgres.Start(cancellation);
            await Tool.Run(executables.Aggregator, ["database", "init", "--postgres", postgres.ConnectionString], CommandLimit, cancellation);
        }

        for (var number = 1; number <= silos; number++)
        {
            // What silos need of each other besides the database and the bucket: the consortium's trust.
            if (FolderOf(number) != folder.Aggregator)
            {
                CopyFolder(Path.Combine(folder.Aggregator, "trust"), Path.Combine(FolderOf(number), "trust"));
            }

            await StartMember(number, cancellation);
        }
    }

    /// <summary>Starts a killed process again at its old place and waits until it answers.</summary>
    /// <param name="who">As in a fault order.</param>
    /// <param name="environment">Further variables, for example a wrong clock.</param>
    public async Task Restart(string who, IReadOnlyDictionary<string, string> environment, CancellationToken cancellation)
    {
        var at = _members.FindIndex(m => m.Who == who);
        var (_, listen, old) = _members[at];
        await old.DisposeAsync();
        var process = ManagedProcess.Start(old.Launch with { Environment = Together(old.Launch.Environment, environment) });
        _members[at] = (who, listen, process);
        await WaitUntilItAnswers(process, listen, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_members.Select(m => m.Process.DisposeAsync().AsTask()));
        await ManagedProcess.EndStranger(Path.Combine(folder.Aggregator, "aggregator.pid"), folder.Aggregator);
        for (var number = 1; number <= silos; number++)
        {
            await ManagedProcess.EndStranger(Path.Combine(FolderOf(number), "silos", SiloName(number) + ".pid"), FolderOf(number));
        }

        if (postgres is not null)
        {
            await postgres.DisposeAsync();
        }
    }

    private async Task StartMember(int number, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var listen = port > 0 && number == 1 ? port : FreePort();
            var (who, launch) = Launch(number, listen);
            var process = ManagedProcess.Start(launch);
            _members.Add((who, listen, process));
            try
            {
                await WaitUntilItAnswers(process, listen, cancellation);
                SimulatedFederation.Tell(process);
                return;
            }
            catch (FederationException e) when (e.Code == ErrorCatalogue.PortInUse && port == 0 && attempt < PortAttempts)
            {
                // It was free a moment ago; another process was faster. The next one has a log of its own.
                _members.RemoveAt(_members.Count - 1);
                await process.DisposeAsync();
                File.Delete(launch.LogPath);
            }
        }
    }

    private (string Who, Launch Launch) Launch(int number, int listen)
    {
        string[] common = ["serve", "--dir", FolderOf(number), "--address", "127.0.0.1", "--port", Text(listen), .. bucket is null ? (string[])[] : ["--s3", bucket]];
        if (postgres is null)
        {
            return (Alone, new Launch(Alone, executables.Aggregator, common, folder.Log(Alone), faults.EnvironmentOf(Alone)));
        }

        var (who, name) = ($"silo:{Text(number)}", SiloName(number));
        return (who, new Launch(
            name,
            executables.Aggregator,
            [.. common, "--postgres", postgres.ConnectionString, "--silo", name, "--silo-port", Text(FreePort()), "--gateway-port", Text(FreePort())],
            folder.Log(name),
            faults.EnvironmentOf(who)));
    }

    /// <summary>Waits until a process answers a call; that its address file is there says nothing after a crash.</summary>
    private async Task WaitUntilItAnswers(ManagedProcess process, int listen, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(StartLimit);
        while (!await Answers(listen, deadline.Token))
        {
            if (process.HasExited)
            {
                await Task.Delay(LookAgain, cancellation);
                throw SimulatedFederation.Died(process, process.Launch.LogPath);
            }

            if (deadline.IsCancellationRequested)
            {
                cancellation.ThrowIfCancellationRequested();
                throw ErrorCatalogue.SimulationFailed.With($"{process.Name} was not ready within {StartLimit.TotalSeconds:F0} s; its log is {process.Launch.LogPath}.");
            }

            await Task.Delay(LookAgain, cancellation);
        }
    }

    private async Task<bool> Answers(int listen, CancellationToken cancellation)
    {
        try
        {
            using var admin = AdminClient.FromFolder(folder.Aggregator, $"https://127.0.0.1:{Text(listen)}");
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(CallLimit);
            await admin.Admin.ListSitesAsync(new ListSitesRequest(), AdminClient.Options(limit.Token));
            return true;
        }
        catch (Exception e) when (e is RpcException or FederationException or OperationCanceledException)
        {
            return false;
        }
    }

    private static Dictionary<string, string> Together(IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b) =>
        a.Concat(b).DistinctBy(e => e.Key).ToDictionary(e => e.Key, e => e.Value, StringComparer.Ordinal);

    private string FolderOf(int number) => bucket is null || number == 1 ? folder.Aggregator : $"{folder.Aggregator}-{Text(number)}";

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
        {
            // Keeps the key's permissions.
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    private static string SiloName(int number) => $"silo{Text(number)}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
