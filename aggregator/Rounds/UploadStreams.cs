using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>
/// The streams that bring updates now. A connection that was cut without a word leaves its streams half open; a new
/// announcement of the same update ends them, so that it can tell what they brought.
/// </summary>
public sealed class UploadStreams(TimeProvider time)
{
    /// <summary>Streams of one update at most: twice what an agent opens, so that one that has just been cut may still be there.</summary>
    public const int MostOfOneUpdate = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<(RoundKey Round, string Site), List<Entry>> _open = [];

    /// <summary>Notes a stream; dispose the answer when it has ended.</summary>
    /// <param name="round">The round.</param>
    /// <param name="site">The sender.</param>
    /// <param name="stop">Ends the stream.</param>
    /// <exception cref="FederationException">BMF-1404 when the update has too many streams.</exception>
    public IDisposable Enter(RoundKey round, string site, IdleLimit stop)
    {
        var entry = new Entry(this, (round, site), stop);
        lock (_gate)
        {
            if (!_open.TryGetValue(entry.Key, out var entries))
            {
                _open.Add(entry.Key, entries = []);
            }

            if (entries.Count >= MostOfOneUpdate)
            {
                throw ErrorCatalogue.StorageUnavailable.With($"{site} has {entries.Count} streams of this update open already; announce the upload again.");
            }

            entries.Add(entry);
        }

        return entry;
    }

    /// <summary>Ends the streams of an update and waits until what they brought is settled.</summary>
    public async Task EndAsync(RoundKey round, string site, CancellationToken cancellation)
    {
        Entry[] entries;
        lock (_gate)
        {
            entries = _open.TryGetValue((round, site), out var open) ? [.. open] : [];
        }

        foreach (var entry in entries)
        {
            await entry.EndAsync(cancellation);
        }
    }

    private sealed class Entry(UploadStreams streams, (RoundKey Round, string Site) key, IdleLimit stop) : IDisposable
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public (RoundKey Round, string Site) Key => key;

        public async Task EndAsync(CancellationToken cancellation)
        {
            try
            {
                await stop.EndAsync();
            }
            catch (ObjectDisposedException)
            {
                // It has just ended by itself.
            }

            await _ended.Task.WaitAsync(Patience, streams.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
        }

        public void Dispose()
        {
            lock (streams._gate)
            {
                if (streams._open.TryGetValue(key, out var entries) && entries.Remove(this) && entries.Count == 0)
                {
                    streams._open.Remove(key);
                }
            }

            _ended.TrySetResult();
        }
    }

    private TimeProvider Time => time;
}
