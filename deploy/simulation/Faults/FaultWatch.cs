using System.Globalization;
using BrainMVP.Federated.Contracts.Faults;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Simulation.Federation;
using BrainMVP.Federated.Trust.Transport;
using Grpc.Core;

namespace BrainMVP.Federated.Simulation.Faults;

/// <summary>
/// Carries out the faults that were ordered: the processes mark the points that they reach, this kills what was to be
/// killed and starts it again, and says how long the federation was away.
/// </summary>
/// <param name="orders">The faults.</param>
/// <param name="folder">Folder of the marks.</param>
public sealed class FaultWatch(IReadOnlyList<FaultOrder> orders, string folder)
{
    /// <summary>As long as a supervisor waits before it starts a service again.</summary>
    private static readonly TimeSpan PauseBeforeRestart = TimeSpan.FromSeconds(1);

    private readonly FaultResult[] _results = [.. orders.Select(o => new FaultResult(o.ToString(), Reached: false))];
    private (int Index, long Began)? _awaitsFirstSite;

    public IReadOnlyList<FaultOrder> Orders => orders;

    public IReadOnlyList<FaultResult> Results => _results;

    /// <summary>What a process of the federation is told at its start.</summary>
    /// <param name="who">Its name in orders, for example <c>agent:1</c>.</param>
    public IReadOnlyDictionary<string, string> EnvironmentOf(string who) => orders.Count == 0
        ? new Dictionary<string, string>()
        : new Dictionary<string, string>
        {
            [FaultPoints.Orders] = FaultPoints.TextFor(orders),
            [FaultPoints.Self] = who,
            [FaultPoints.Folder] = folder,
        };

    /// <summary>Whether a death was ordered and has not been dealt with yet.</summary>
    public bool Explains(string who) => Due().Any(i => orders[i].Who == who);

    /// <summary>Deals with the points that were reached since the last look.</summary>
    public async Task Look(SimulatedFederation federation, AdminClient admin, Action<string> note, CancellationToken cancellation)
    {
        foreach (var index in Due().ToArray())
        {
            var order = orders[index];
            _results[index] = _results[index] with { Reached = true };
            if (order.Target == FaultTarget.Trainer)
            {
                note($"Fault {order}: the trainer was killed; its agent starts it again.");
                continue;
            }

            if (order.Target == FaultTarget.Network)
            {
                federation.Proxy(order.Number).Strike(TimeSpan.FromSeconds(order.Seconds), order.StallPercent);
                await LetGo(index, cancellation);
                note($"Fault {order}: the connection {(order.StallPercent > 0 ? "stalls" : "is cut")} for {order.Seconds} s.");
                continue;
            }

            await (order.IsGentle ? federation.Stop(order.Who, cancellation) : federation.Kill(order.Who, cancellation));
            await LetGo(index, cancellation);
            note($"Fault {order}: {order.Who} was {(order.IsGentle ? "stopped" : "killed")} and is started again.");
            await Task.Delay(PauseBeforeRestart, cancellation);
            var began = TimeProvider.System.GetTimestamp();
            await federation.Restart(order.Who, FakeClock.Environment(order.Clock), cancellation);
            if (order.Target is FaultTarget.Aggregator or FaultTarget.Silo)
            {
                _results[index] = _results[index] with { AnsweredSeconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds };
                _awaitsFirstSite = order.Target == FaultTarget.Aggregator ? (index, began) : _awaitsFirstSite;
                note(string.Create(CultureInfo.InvariantCulture, $"Fault {order}: {order.Who} answered {_results[index].AnsweredSeconds:F1} s after its restart."));
            }
        }

        await LookForFirstSite(admin, note, cancellation);
    }

    private IEnumerable<int> Due() => Enumerable.Range(0, orders.Count).Where(i => !_results[i].Reached && File.Exists(FaultPoints.MarkOf(folder, i)));

    private Task LetGo(int index, CancellationToken cancellation) => File.WriteAllTextAsync(FaultPoints.MarkOf(folder, index) + FaultPoints.Struck, "", cancellation);

    private async Task LookForFirstSite(AdminClient admin, Action<string> note, CancellationToken cancellation)
    {
        if (_awaitsFirstSite is not { } awaited)
        {
            return;
        }

        try
        {
            var sites = await admin.Admin.ListSitesAsync(new ListSitesRequest(), AdminClient.Options(cancellation));
            if (sites.Sites.Any(s => s.SilentSeconds >= 0))
            {
                // What the site says is older than this look by the seconds since it was heard.
                var seconds = TimeProvider.System.GetElapsedTime(awaited.Began).TotalSeconds - sites.Sites.Where(s => s.SilentSeconds >= 0).Max(s => s.SilentSeconds);
                _results[awaited.Index] = _results[awaited.Index] with { FirstSiteSeconds = Math.Max(0, seconds) };
                _awaitsFirstSite = null;
                note(string.Create(CultureInfo.InvariantCulture, $"Fault {orders[awaited.Index]}: the first site was served {seconds:F1} s after the restart."));
            }
        }
        catch (RpcException) when (!cancellation.IsCancellationRequested)
        {
            // It is asked again at the next look.
        }
    }
}
