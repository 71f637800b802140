using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Simulation.Faults;
using BrainMVP.Federated.Simulation.Federation;
using BrainMVP.Federated.Trust.Transport;
using Grpc.Core;
using Spectre.Console;

namespace BrainMVP.Federated.Simulation.Progress;

/// <summary>Watches a run to its end: a live table on a terminal, a line for each change elsewhere.</summary>
public sealed class RunFollower(AdminClient admin, SimulatedFederation federation, FaultWatch faults, string run, string root, int pauseLimitSeconds)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan UnreachableLimit = TimeSpan.FromSeconds(120);

    /// <summary>Less than this, and neither aggregator nor sites can note anything, not even that they give up.</summary>
    private const long LeastFreeBytes = 128 * 1024;

    private static readonly TimeSpan DiskFullLimit = TimeSpan.FromSeconds(15);

    private readonly HashSet<int> _reportedDeaths = [];
    private readonly List<string> _notes = [];
    private DateTimeOffset? _pausedSince;
    private DateTimeOffset? _diskFullSince;
    private DateTimeOffset? _unreachableSince;

    /// <summary>The last status: completed, aborted, or paused for longer than the limit.</summary>
    /// <exception cref="FederationException">BMF-1601 when the aggregator stays away.</exception>
    public async Task<RunStatus> Follow(CancellationToken cancellation)
    {
        if (!AnsiConsole.Profile.Capabilities.Interactive || Console.IsOutputRedirected)
        {
            var last = "";
            return await Loop(
                status =>
                {
                    var line = LiveTable.Line(status);
                    if (line != last)
                    {
                        Console.WriteLine(line);
                        last = line;
                    }
                },
                Console.WriteLine,
                cancellation);
        }

        return await AnsiConsole.Live(new Table()).AutoClear(false).StartAsync(context => Loop(
            status =>
            {
                context.UpdateTarget(LiveTable.Render(status, _notes));
                context.Refresh();
            },
            _ => { },
            cancellation));
    }

    private async Task<RunStatus> Loop(Action<RunStatus> show, Action<string> note, CancellationToken cancellation)
    {
        while (true)
        {
            await faults.Look(federation, admin, text => Note(text, note), cancellation);
            NoteDeaths(note);
            CheckDisk();
            if (await Ask(cancellation) is { } status)
            {
                show(status);
                if (status.Summary.State is "completed" or "aborted" || PausedTooLong(status, note))
                {
                    return status;
                }
            }

            await Task.Delay(LookAgain, cancellation);
        }
    }

    private async Task<RunStatus?> Ask(CancellationToken cancellation)
    {
        try
        {
            var status = await admin.Admin.GetRunStatusAsync(new GetRunStatusRequest { Run = run }, AdminClient.Options(cancellation));
            _unreachableSince = null;
            return status;
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Internal && !cancellation.IsCancellationRequested)
        {
            var now = TimeProvider.System.GetUtcNow();
            _unreachableSince ??= now;
            return now - _unreachableSince < UnreachableLimit
                ? null
                : throw ErrorCatalogue.SimulationFailed.With($"The aggregator did not answer for {UnreachableLimit.TotalSeconds:F0} s: {e.Status.Detail}", e);
        }
    }

    /// <summary>Nothing that an administrator could do would let such a run begin.</summary>
    public static bool EverySiteRefused(RunStatus status) => status.Sites.Count > 0 && status.Sites.All(s => s.Refusal.Length > 0);

    /// <summary>Reasons of the sites that refused the plan or left the open round, each beginning with an error number.</summary>
    public static IReadOnlyList<string> WhySitesAreOut(RunStatus status)
    {
        var open = status.Rounds.LastOrDefault(r => r.State is not "committed");
        return [.. status.Sites.Select(s => s.Refusal).Where(r => r.Length > 0), .. open?.Dropouts.Values.AsEnumerable() ?? []];
    }

    private void CheckDisk()
    {
        var free = new DriveInfo(root).AvailableFreeSpace;
        var now = TimeProvider.System.GetUtcNow();
        _diskFullSince = free < LeastFreeBytes ? _diskFullSince ?? now : null;
        if (now - _diskFullSince > DiskFullLimit)
        {
            throw ErrorCatalogue.DiskFull.With($"{root} has {free} bytes left.");
        }
    }

    private bool PausedTooLong(RunStatus status, Action<string> note)
    {
        if (status.Summary.State != "paused")
        {
            _pausedSince = null;
            return false;
        }

        if (_pausedSince is null)
        {
            _pausedSince = TimeProvider.System.GetUtcNow();
            if (EverySiteRefused(status))
            {
                return true;
            }

            Note($"Paused: {status.Summary.Reason} The simulation waits {pauseLimitSeconds} s; `aggregator run --help` lists what an administrator can do.", note);
        }

        return TimeProvider.System.GetUtcNow() - _pausedSince > TimeSpan.FromSeconds(pauseLimitSeconds);
    }

    private void NoteDeaths(Action<string> note)
    {
        foreach (var (who, process) in federation.Members)
        {
            if (process.HasExited && !faults.Explains(who) && _reportedDeaths.Add(process.Id))
            {
                Note($"{process.Name} (process {process.Id}) ended with code {process.ExitCode}. Start it again with: {process.RestartCommand}", note);
            }
        }
    }

    private void Note(string text, Action<string> note)
    {
        _notes.Add(text);
        note(text);
    }
}
