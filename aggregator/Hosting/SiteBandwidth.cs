using System.Collections.Concurrent;
using BrainMVP.Federated.Trust.Transport;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>Holds each site's uploads and downloads at this process to a rate, so that one on a fast line does not crowd out the others.</summary>
/// <param name="megabits">Megabits a second in each direction; 0 does not limit.</param>
/// <param name="time">Clock of the schedule.</param>
public sealed class SiteBandwidth(int megabits, TimeProvider time)
{
    // One entry for each name that has passed the allow-list.
    private readonly ConcurrentDictionary<(string Name, bool Up), Pace> _paces = new();

    /// <summary>Waits until so many more bytes of an upload may be taken.</summary>
    public Task UpAsync(string site, int bytes, CancellationToken cancellation) => TakeAsync((site, true), bytes, cancellation);

    /// <summary>Waits until so many more bytes of a download may be sent.</summary>
    public Task DownAsync(string site, int bytes, CancellationToken cancellation) => TakeAsync((site, false), bytes, cancellation);

    private Task TakeAsync((string Name, bool Up) key, int bytes, CancellationToken cancellation) => megabits == 0
        ? Task.CompletedTask
        : _paces.GetOrAdd(key, static (_, time) => new Pace(time), time).TakeAsync(bytes, Pace.BytesPerSecond(megabits), cancellation);
}
