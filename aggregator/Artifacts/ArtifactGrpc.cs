using System.Runtime.CompilerServices;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.Runs;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Certificates;
using Google.Protobuf;
using Grpc.Core;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>Downloads for sites and administrators, uploads for administrators and of sites' own models where a run compares them.</summary>
public sealed class ArtifactGrpc(ArtifactStore store, DocumentStore documents, IGrainFactory grains, Caller caller, DiskRoom room, SiteBandwidth bandwidth, TimeProvider time) : ArtifactService.ArtifactServiceBase
{
    /// <summary>Largest artifact an administrator may upload: 16 GiB.</summary>
    private const long MaximumBytes = 1L << 34;

    /// <summary>Bytes that a site's own model may have more than the federation's: its task is in it.</summary>
    private const long OwnBytes = 16 << 20;

    /// <summary>Bytes that are handed to the network at once: four messages.</summary>
    private const long FlushEvery = 4 * Protocol.MessageBytes;

    private static readonly WriteOptions Gather = new(WriteFlags.BufferHint);

    public override async Task<StatResponse> Stat(StatRequest request, ServerCallContext context)
    {
        await caller.Require(context, CertificateRole.Site, CertificateRole.Admin);
        return new StatResponse { Bytes = store.LengthOf(request.Hash) };
    }

    public override async Task Download(DownloadRequest request, IServerStreamWriter<DownloadPart> responseStream, ServerCallContext context)
    {
        var identity = await caller.Require(context, CertificateRole.Site, CertificateRole.Admin);
        var length = store.LengthOf(request.Hash);
        if (request.Offset < 0 || request.Offset > length)
        {
            throw ErrorCatalogue.DocumentInvalid.With($"Offset {request.Offset} is outside an artifact of {length} bytes.");
        }

        using var file = File.OpenHandle(store.PathOf(request.Hash), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.Asynchronous);
        using var cached = new CachedWindows(file, length);
        using var idle = new IdleLimit(time, context.CancellationToken);
        var buffer = new byte[Protocol.MessageBytes];
        for (var offset = request.Offset; offset < length;)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - offset));
            if (!TryCopy(cached, offset, part.Span))
            {
                var read = await RandomAccess.ReadAsync(file, part, offset, idle.Token);
                part = read > 0 ? part[..read] : throw ErrorCatalogue.ArtifactCorrupt.With($"Artifact {request.Hash} has become shorter.");
            }

            if (identity.Role == CertificateRole.Site)
            {
                await bandwidth.DownAsync(identity.Name, part.Length, idle.Token);
            }

            // The buffer is used again only after the write has finished with it. Some messages go out together.
            var next = offset + part.Length;
            responseStream.WriteOptions = next < length && next / FlushEvery == offset / FlushEvery ? Gather : null;
            await responseStream.WriteAsync(new DownloadPart { Data = UnsafeByteOperations.UnsafeWrap(part) }, idle.Token);
            idle.Moved();
            offset = next;
        }
    }

    private static bool TryCopy(CachedWindows cached, long offset, Span<byte> destination)
    {
        var found = cached.Find(offset, destination.Length);
        found.CopyTo(destination);
        return found.Length > 0;
    }

    public override async Task<UploadResponse> Upload(IAsyncStreamReader<ArtifactPart> requestStream, ServerCallContext context)
    {
        var identity = await caller.Require(context, CertificateRole.Admin, CertificateRole.Site);
        using var idle = new IdleLimit(time, context.CancellationToken);
        if (!await requestStream.MoveNext(idle.Token))
        {
            throw ErrorCatalogue.DocumentInvalid.With("The upload is empty.");
        }

        var first = requestStream.Current;
        var (site, most) = identity.Role == CertificateRole.Site ? (identity.Name, await MostOf(identity.Name, first.Run)) : (null, MaximumBytes);
        return new UploadResponse { Hash = await store.PutAsync(first.Hash, Pieces(requestStream, site, most, idle), idle.Token) };
    }

    /// <summary>Bytes that a site's own model may have now.</summary>
    /// <exception cref="FederationException">BMF-1303 when the run does not ask this site for its model.</exception>
    private async Task<long> MostOf(string site, string run)
    {
        var state = Names.IsValid(run) ? await grains.GetGrain<IRunGrain>(run).Get() : null;
        return state is { Phase: RunPhase.Evaluating } && state.Members.Contains(site, StringComparer.Ordinal) && documents.Read<RunDocument>(state.Document).Plan.Downstream.CrossSite
            ? store.LengthOf(state.Model) + OwnBytes
            : throw ErrorCatalogue.RoundClosed.With($"No run \"{run}\" waits for {site}'s own model.");
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> Pieces(IAsyncStreamReader<ArtifactPart> parts, string? site, long most, IdleLimit idle, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        long total = 0;
        do
        {
            total += parts.Current.Data.Length;
            if (total > most)
            {
                throw ErrorCatalogue.DocumentInvalid.With($"The artifact is larger than {most} bytes.");
            }

            if (site is not null)
            {
                await bandwidth.UpAsync(site, parts.Current.Data.Length, cancellation);
            }

            if (room.IsFull)
            {
                throw ErrorCatalogue.DiskFull.With(room.Shortage(parts.Current.Data.Length, "The artifact"));
            }

            idle.Moved();
            yield return parts.Current.Data.Memory;
        }
        while (await parts.MoveNext(cancellation));
    }
}
