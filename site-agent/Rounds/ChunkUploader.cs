using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Faults;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Federation.Updates;
using BrainMVP.Federated.SiteAgent.Transport;
using BrainMVP.Federated.Trust.Transport;
using Google.Protobuf;
using Grpc.Core;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>
/// Sends the chunks of an update that the aggregator does not have yet. A chunk counts when it was acknowledged, which
/// happens after it is durable there; a cut stream asks again what is missing and goes on, in the middle of a chunk where
/// the aggregator has its beginning. A large update goes over several streams at once: each has a window of its own, which
/// a long fat path needs, and while the aggregator hashes what one brings it receives the others.
/// </summary>
public sealed class ChunkUploader(SiteLink link, TimeProvider time, TransferLimits limits)
{
    /// <summary>Streams of one update at most.</summary>
    public const int MostStreams = 4;

    /// <summary>Fewest chunks that are worth a stream of their own.</summary>
    public const int ChunksPerStream = 2;

    /// <summary>Chunks of one stream that may wait for their acknowledgement.</summary>
    private const int ChunksInFlight = 8;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(8);

    private long _sent;

    /// <summary>Bytes of updates that were sent so far, those included that a cut made necessary twice.</summary>
    public long SentBytes => Interlocked.Read(ref _sent);

    /// <param name="begin">Announcement with the signed manifest.</param>
    /// <param name="manifest">The manifest's content.</param>
    /// <param name="open">Opens the update; each stream reads by itself.</param>
    /// <param name="report">Told the bytes delivered and the bytes in total.</param>
    public async Task SendAsync(BeginUploadRequest begin, UpdateManifest manifest, Func<IUpdateReader> open, Action<long, long> report, CancellationToken cancellation)
    {
        var fewest = long.MaxValue;
        for (var failures = 0; ;)
        {
            var answer = await link.Calls.CallAsync(link.Control, o => link.Site.BeginUploadAsync(begin, o), cancellation);
            var missing = answer.Missing.ToArray();
            var there = answer.Partial.DistinctBy(p => p.Chunk).ToDictionary(p => p.Chunk, p => p.Bytes);
            if (missing.Any(c => c < 0 || c >= manifest.Chunks.Count) || there.Any(p => !missing.Contains(p.Key) || p.Value < 0 || p.Value >= LengthOf(manifest, p.Key)))
            {
                throw ErrorCatalogue.DocumentInvalid.With($"The aggregator asks for a chunk that the update of {manifest.Chunks.Count} chunks does not have.");
            }

            var left = missing.Sum(c => (long)LengthOf(manifest, c)) - there.Sum(p => (long)p.Value);
            report(manifest.Bytes - left, manifest.Bytes);
            if (missing.Length == 0)
            {
                return;
            }

            failures = left < fewest ? 0 : failures + 1;
            fewest = Math.Min(fewest, left);
            if (failures >= limits.Tries)
            {
                throw ErrorCatalogue.Unreachable.With($"{missing.Length} chunks of the update cannot be delivered.");
            }

            if (failures > 0)
            {
                await Task.Delay(Backoff.After(failures, LongestWait), time, cancellation);
            }

            try
            {
                await StreamsAsync(begin, manifest, missing, there, open, report, cancellation);
            }
            catch (Exception e) when (IsBroken(e) && !cancellation.IsCancellationRequested)
            {
                // The next announcement tells what arrived.
            }
            catch (RpcException e) when (!cancellation.IsCancellationRequested)
            {
                throw RpcErrors.Translate(e);
            }
        }
    }

    /// <summary>Deals the missing chunks out to streams: runs of neighbours, so that each stream reads the update in order.</summary>
    public static IReadOnlyList<int[]> Deal(int[] missing)
    {
        var streams = Math.Clamp(missing.Length / ChunksPerStream, 1, MostStreams);
        return [.. Enumerable.Range(0, streams).Select(s => missing[(missing.Length * s / streams)..(missing.Length * (s + 1) / streams)])];
    }

    private static bool IsBroken(Exception error) =>
        RpcErrors.IsTransient(error) || error is RpcException { StatusCode: StatusCode.Cancelled } || (error is FederationException known && known.Code == ErrorCatalogue.StorageUnavailable);

    private static int LengthOf(UpdateManifest manifest, int chunk) =>
        (int)Math.Min(Protocol.UpdateChunkBytes, manifest.Bytes - ((long)chunk * Protocol.UpdateChunkBytes));

    private async Task StreamsAsync(BeginUploadRequest begin, UpdateManifest manifest, int[] missing, IReadOnlyDictionary<int, int> there, Func<IUpdateReader> open, Action<long, long> report, CancellationToken cancellation)
    {
        var done = manifest.Bytes - missing.Sum(c => (long)LengthOf(manifest, c) - there.GetValueOrDefault(c));
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var streams = Deal(missing).Select(async chunks =>
        {
            try
            {
                await StreamAsync(begin, manifest, chunks, there, open, n => report(Interlocked.Add(ref done, n), manifest.Bytes), broken.Token);
            }
            catch
            {
                // What broke one stream breaks the others; the next announcement tells what arrived by all of them.
                await broken.CancelAsync();
                throw;
            }
        }).ToArray();
        await Task.WhenAll(streams).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
        var failures = streams.Where(s => s.Exception is not null).Select(s => s.Exception!.InnerException!).ToArray();
        if (failures.Length > 0)
        {
            // A numbered refusal says more than the broken streams that follow from it.
            throw failures.FirstOrDefault(f => f is FederationException known && known.Code != ErrorCatalogue.Unreachable) ?? failures[0];
        }

        if (streams.Any(s => s.IsCanceled))
        {
            throw ErrorCatalogue.Unreachable.With("The upload streams were cut.");
        }
    }

    /// <summary>Sends chunks in one stream, to its end or until it breaks.</summary>
    /// <param name="begin">The announcement.</param>
    /// <param name="manifest">The manifest's content.</param>
    /// <param name="missing">The chunks.</param>
    /// <param name="there">Bytes of chunks that the aggregator has already, by index.</param>
    /// <param name="open">Opens the update.</param>
    /// <param name="delivered">Told the bytes of each chunk that was acknowledged.</param>
    /// <param name="cancellation">Cuts the stream.</param>
    internal async Task StreamAsync(BeginUploadRequest begin, UpdateManifest manifest, int[] missing, IReadOnlyDictionary<int, int> there, Func<IUpdateReader> open, Action<long> delivered, CancellationToken cancellation)
    {
        // A stream that stays silent is cut; acknowledgements push the end away.
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(limits.Silence);
        using var call = link.Uploads.UploadChunks(deadline: (time.GetUtcNow() + limits.Total).UtcDateTime, cancellationToken: silence.Token);
        using var turns = new SemaphoreSlim(ChunksInFlight);
        var window = new SendWindow(time);
        var acknowledgements = ReadAsync();
        try
        {
            await WriteAsync();
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or IOException or InvalidOperationException or OperationCanceledException or HttpRequestException)
        {
            // Why writing failed is known to the reading side only.
            await acknowledgements;
            throw ErrorCatalogue.Unreachable.With($"The upload stream broke: {e.Message}", e);
        }

        await acknowledgements;

        async Task WriteAsync()
        {
            using var update = open();
            var buffer = new byte[Protocol.MessageBytes];
            var first = true;
            foreach (var chunk in missing)
            {
                var turn = turns.WaitAsync(silence.Token);
                if (await Task.WhenAny(turn, acknowledgements) == acknowledgements)
                {
                    return;
                }

                await turn;
                var (start, length, skip) = ((long)chunk * Protocol.UpdateChunkBytes, LengthOf(manifest, chunk), there.GetValueOrDefault(chunk));
                for (var offset = skip; offset < length;)
                {
                    var bytes = buffer.AsMemory(0, Math.Min(buffer.Length, length - offset));
                    var room = window.TakeAsync(bytes.Length, silence.Token);
                    if (!room.IsCompleted && await Task.WhenAny(room, acknowledgements) == acknowledgements)
                    {
                        return;
                    }

                    await room;
                    await link.Bandwidth.UpAsync(bytes.Length, silence.Token);
                    update.Read(start + offset, bytes.Span);

                    // The buffer is reused only after the write is complete, so wrapping it is safe.
                    var part = new UploadPart { Chunk = chunk, Data = UnsafeByteOperations.UnsafeWrap(bytes), Offset = offset == skip ? skip : 0 };
                    if (first)
                    {
                        (part.Run, part.Round, part.Attempt, first) = (begin.Run, begin.Round, begin.Attempt, false);
                    }

                    await call.RequestStream.WriteAsync(part, silence.Token);
                    Interlocked.Add(ref _sent, bytes.Length);
                    offset += bytes.Length;
                    if (start + offset >= manifest.Bytes / 2)
                    {
                        FaultPoints.Agent(begin.Round, "upload");
                    }
                }
            }
        }

        async Task ReadAsync()
        {
            try
            {
                await foreach (var acknowledgement in call.ResponseStream.ReadAllAsync(silence.Token))
                {
                    if (acknowledgement.Code.Length > 0)
                    {
                        // As if the call had ended with it: the aggregator decided this, not the site.
                        throw (ErrorCatalogue.Find(acknowledgement.Code) ?? ErrorCatalogue.UpdateRejected).With(acknowledgement.Reason, new RpcException(new Status(StatusCode.FailedPrecondition, acknowledgement.Reason)));
                    }

                    silence.CancelAfter(limits.Silence);
                    window.Received(acknowledgement.Received);
                    if (acknowledgement.Chunk >= 0)
                    {
                        delivered(LengthOf(manifest, acknowledgement.Chunk) - there.GetValueOrDefault(acknowledgement.Chunk));
                        turns.Release();
                    }
                }
            }
            catch (Exception e) when (e is RpcException or OperationCanceledException && silence.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                throw ErrorCatalogue.Unreachable.With("The upload stream fell silent.", e);
            }
        }
    }
}
