using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Federation.Updates;
using BrainMVP.Federated.Trust.Certificates;
using Grpc.Core;

namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>
/// Step 5 at the aggregator. Chunks go from the stream to files; the round grain learns the manifest at the beginning
/// and the completion at the end. A chunk is acknowledged when it is durable.
/// </summary>
public sealed class RoundUploads(DocumentSigner signer, DocumentStore documents, ArtifactStore artifacts, UploadStore store, AggregationWorkers workers, UploadBudget budget, UploadStreams streams, DiskRoom room, SiteBandwidth bandwidth, TimeProvider time, IGrainFactory grains)
{
    /// <summary>What a stream may have in flight: its window.</summary>
    public const int WindowBytes = 8 << 20;

    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(10);

    /// <summary>Verifies the manifest and answers which chunks are missing.</summary>
    public async Task<BeginUploadResponse> Begin(RoundKey key, string runDocument, CertificateIdentity site, SignedDocument signed, CancellationToken cancellation)
    {
        var state = await State(key);
        var (manifest, hash) = signer.Accept<UpdateManifest>(signed, site);
        var context = RoundContexts.Round(RoundContexts.Open(documents.Read<RoundOpenDocument>(state.Open).Context), state.Roster);
        if (manifest.Site != site.Name || manifest.RoundContext != context)
        {
            throw ErrorCatalogue.ContextMismatch.With($"The manifest is for {manifest.Site} in context {manifest.RoundContext}, expected {context}.");
        }

        var map = Map(state, runDocument, site.Name);
        var bytes = map.WireBytes(documents.Read<RunDocument>(runDocument).Plan.Aggregation.RingBits);
        var chunks = (bytes + Protocol.UpdateChunkBytes - 1) / Protocol.UpdateChunkBytes;
        if (manifest.Bytes != bytes || manifest.Chunks.Count != chunks || manifest.Chunks.Any(c => !ArtifactStore.IsHash(c)))
        {
            var violation = $"The update has {manifest.Bytes} bytes in {manifest.Chunks.Count} chunks; the roster asks for {bytes} bytes.";
            await Grain(key).Decline(site.Name, $"{ErrorCatalogue.UpdateRejected.Id}: {violation}");
            throw ErrorCatalogue.UpdateRejected.With(violation);
        }

        await Grain(key).BeginUpload(site.Name, hash);
        await streams.EndAsync(key, site.Name, cancellation);
        await Reserve(key, manifest);
        var response = new BeginUploadResponse();
        var missing = store.Missing(key, site.Name, manifest);
        response.Missing.AddRange(missing);
        response.Partial.AddRange(store.Partials(key, site.Name).Where(p => missing.Contains(p.Key)).OrderBy(p => p.Key).Select(p => new PartialChunk { Chunk = p.Key, Bytes = p.Value }));
        return response;
    }

    /// <summary>Takes chunks from a stream. A refusal is a message on the stream, so that its reason is not lost.</summary>
    public async Task Receive(string site, IAsyncStreamReader<UploadPart> parts, IServerStreamWriter<UploadAcknowledgement> answers, CancellationToken cancellation)
    {
        using var idle = new IdleLimit(time, cancellation);
        try
        {
            if (!await parts.MoveNext(idle.Token))
            {
                return;
            }

            var key = new RoundKey(parts.Current.Run, parts.Current.Round, parts.Current.Attempt);
            var manifest = await Manifest(key, site);
            using var entry = streams.Enter(key, site, idle);
            using var share = await budget.TakeAsync(site, Math.Min(WindowBytes, manifest.Bytes), idle.Token);
            await using var receiver = new UploadReceiver(store, key, site, manifest, answers);
            do
            {
                idle.Moved();
                await bandwidth.UpAsync(site, parts.Current.Data.Length, idle.Token);
                await receiver.TakeAsync(parts.Current, idle.Token);
            }
            while (await parts.MoveNext(idle.Token));
            await receiver.CompleteAsync(idle.Token);
        }
        catch (FederationException e)
        {
            await answers.WriteAsync(new UploadAcknowledgement { Chunk = -1, Code = e.Code.Id, Reason = e.Message }, cancellation);
            await Drain(parts, cancellation);
        }
    }

    /// <summary>Reads on until the sender has seen the refusal: a stream that ends under its hands loses the reason.</summary>
    private async Task Drain(IAsyncStreamReader<UploadPart> parts, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(DrainLimit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            while (await parts.MoveNext(stop.Token))
            {
                // Nothing of it is kept.
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // It goes on sending; it had its time.
        }
    }

    /// <summary>Checks that everything is there and within its reported exponents, then counts the update.</summary>
    public async Task Complete(RoundKey key, string runDocument, string site, string manifestHash, CancellationToken cancellation)
    {
        var state = await State(key);
        if (!state.Uploads.TryGetValue(site, out var entry) || entry.Manifest != manifestHash)
        {
            throw ErrorCatalogue.ContextMismatch.With($"{site} completes an upload that was not announced.");
        }

        if (!entry.Complete)
        {
            var manifest = documents.Read<UpdateManifest>(manifestHash);
            await streams.EndAsync(key, site, cancellation);
            if (store.Missing(key, site, manifest).Count is > 0 and var missing)
            {
                throw ErrorCatalogue.ArtifactMissing.With($"{missing} chunks of the update are missing.");
            }

            var map = Map(state, runDocument, site);
            var report = documents.Read<UpdateReport>(state.Reports[site].Document);
            var plan = documents.Read<RunDocument>(runDocument).Plan.Aggregation;
            var work = workers.TryEnqueue(Validate)
                ?? throw ErrorCatalogue.StorageUnavailable.With("The aggregator is busy; try again.");
            string? Validate(CancellationToken stop)
            {
                using var source = PackedUpdates.Over(store.Source(key, new Dictionary<string, UpdateManifest> { [site] = manifest }), plan.RingBits);
                return UpdateValidator.FindViolation(map, report, plan.MaxDeltaNorm, source, stop);
            }

            if (await work.WaitAsync(cancellation) is { } violation)
            {
                await Grain(key).Decline(site, $"{ErrorCatalogue.UpdateRejected.Id}: {violation}");
                throw ErrorCatalogue.UpdateRejected.With(violation);
            }
        }

        await Grain(key).CompleteUpload(site, manifestHash);
    }

    /// <summary>Takes the room of an update before its first byte comes; the round pauses where there is none.</summary>
    private async Task Reserve(RoundKey key, UpdateManifest manifest)
    {
        if (store.IsReserved(key, manifest.Site, manifest))
        {
            return;
        }

        try
        {
            room.Require(manifest.Bytes, $"The update of {manifest.Site}");
            store.Reserve(key, manifest.Site, manifest);
        }
        catch (FederationException e) when (e.Code == ErrorCatalogue.DiskFull)
        {
            await Grain(key).AwaitRoom(manifest.Bytes, $"{e.Code.Id}: {e.Message} {e.Code.Remedy}");
            throw;
        }
    }

    private IRoundGrain Grain(RoundKey key) => grains.GetGrain<IRoundGrain>($"{key.Run}/{key.Round}");

    private async Task<RoundState> State(RoundKey key)
    {
        var state = Contracts.Identity.Names.IsValid(key.Run) ? await Grain(key).Get() : null;
        return state is { Roster.Length: > 0 } && state.Attempt == key.Attempt
            ? state
            : throw ErrorCatalogue.RoundClosed.With($"Round {key.Round}, attempt {key.Attempt} of {key.Run} does not take uploads.");
    }

    private async Task<UpdateManifest> Manifest(RoundKey key, string site)
    {
        var state = await State(key);
        return state.Phase == RoundPhase.Uploading && state.Uploads.TryGetValue(site, out var entry)
            ? documents.Read<UpdateManifest>(entry.Manifest)
            : throw ErrorCatalogue.RoundClosed.With($"{site} has announced no upload for round {key.Round} of {key.Run}, or it is closed.");
    }

    private PayloadMap Map(RoundState state, string runDocument, string site)
    {
        var layout = CanonicalJson.Deserialize<LayoutDocument>(File.ReadAllBytes(artifacts.PathOf(documents.Read<RunDocument>(runDocument).LayoutHash)));
        return PayloadMap.For(layout, documents.Read<RosterDocument>(state.Roster), site);
    }
}
