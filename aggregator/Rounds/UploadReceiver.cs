using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Faults;
using BrainMVP.Federated.Contracts.V1;
using Grpc.Core;

namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>
/// One stream of an upload. Bytes go to the disk as they come; a chunk is acknowledged when it is durable, and what was
/// received is told earlier, so that the sender knows what its path holds.
/// </summary>
internal sealed class UploadReceiver : IAsyncDisposable
{
    private const int TellEvery = 256 * 1024;

    /// <summary>Chunks of one stream that may wait for the disk.</summary>
    private const int MostUnsynced = 8;

    private readonly UploadStore _store;
    private readonly UpdateSink _sink;
    private readonly RoundKey _round;
    private readonly string _site;
    private readonly IServerStreamWriter<UploadAcknowledgement> _answers;
    private readonly SemaphoreSlim _answering = new(1);
    private readonly SemaphoreSlim _unsynced = new(MostUnsynced);
    private readonly List<Task> _syncing = [];
    private Task _acknowledged = Task.CompletedTask;
    private ChunkWriter? _current;
    private bool _resumed;
    private long _received;
    private long _told;

    public UploadReceiver(UploadStore store, RoundKey round, string site, UpdateManifest manifest, IServerStreamWriter<UploadAcknowledgement> answers)
    {
        (_store, _round, _site, _answers) = (store, round, site, answers);
        _sink = store.Open(round, site, manifest);
    }

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="FederationException">BMF-1402, BMF-1403, BMF-1404.</exception>
    public async Task TakeAsync(UploadPart part, CancellationToken cancellation)
    {
        if (_acknowledged.IsFaulted)
        {
            await _acknowledged;
        }

        _received += part.Data.Length;
        if (_current?.Chunk != part.Chunk)
        {
            Leave();
            _current = _sink.Begin(part.Chunk, part.Offset);
            _resumed = part.Offset > 0;
        }

        var writer = _current!;
        if (part.Data.Length > writer.Length - writer.Filled)
        {
            throw ErrorCatalogue.ArtifactCorrupt.With($"Chunk {part.Chunk} is longer than the manifest says.");
        }

        writer.Append(part.Data.Memory);
        if (writer.Filled == writer.Length)
        {
            await FinishAsync(writer, cancellation);
        }

        if (_received - _told >= TellEvery && await _answering.WaitAsync(TimeSpan.Zero, cancellation))
        {
            await AnswerAsync(new UploadAcknowledgement { Chunk = -1 }, cancellation);
        }
    }

    /// <summary>Waits until everything that came is durable and acknowledged.</summary>
    public Task CompleteAsync(CancellationToken cancellation) => _acknowledged.WaitAsync(cancellation);

    /// <summary>Leaves the chunk that was under way to the next stream, and waits until the others are settled.</summary>
    public async ValueTask DisposeAsync()
    {
        Leave();
        await Task.WhenAll([.. _syncing, _acknowledged]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _store.Close(_round, _site, _sink);
        _answering.Dispose();
        _unsynced.Dispose();
    }

    private void Leave()
    {
        if (_current is { } unfinished)
        {
            _sink.Leave(unfinished);
            unfinished.Dispose();
        }

        _current = null;
    }

    private async Task FinishAsync(ChunkWriter writer, CancellationToken cancellation)
    {
        await _unsynced.WaitAsync(cancellation);
        _current = null;
        using (writer)
        {
            var durable = _sink.FinishAsync(writer, _resumed);
            _syncing.RemoveAll(t => t.IsCompleted);
            _syncing.Add(durable);
            _acknowledged = AcknowledgeAsync(_acknowledged, durable, writer.Chunk, cancellation);
        }
    }

    private async Task AcknowledgeAsync(Task earlier, Task durable, int chunk, CancellationToken cancellation)
    {
        try
        {
            await durable;
            await earlier;
        }
        finally
        {
            _unsynced.Release();
        }

        FaultPoints.Aggregator(_round.Round, "upload");
        await _answering.WaitAsync(cancellation);
        await AnswerAsync(new UploadAcknowledgement { Chunk = chunk }, cancellation);
    }

    /// <summary>Sends an answer; the caller has taken its turn.</summary>
    private async Task AnswerAsync(UploadAcknowledgement answer, CancellationToken cancellation)
    {
        try
        {
            answer.Received = _told = Interlocked.Read(ref _received);
            await _answers.WriteAsync(answer, cancellation);
        }
        finally
        {
            _answering.Release();
        }
    }
}
