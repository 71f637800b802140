using System.Runtime.CompilerServices;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Certificates;
using Google.Protobuf;
using Grpc.Core;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>Downloads for sites and administrators, uploads for administrators.</summary>
public sealed class ArtifactGrpc(ArtifactStore store, Caller caller, DiskRoom room, SiteBandwidth bandwidth, TimeProvider time) : ArtifactService.ArtifactServiceBase
{
    /// <summary>Largest artifact an administrator may upload: 16 GiB.</summary>
    private const long MaximumBytes = 1L << 34;

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

        await using var file = new FileStream(store.PathOf(request.Hash), FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 18, FileOptions.SequentialScan | FileOptions.Asynchronous);
        file.Position = request.Offset;
        using var idle = new IdleLimit(time, context.CancellationToken);
        var buffer = new byte[Protocol.MessageBytes];
        int read;
        while ((read = await file.ReadAsync(buffer, idle.Token)) > 0)
        {
            if (identity.Role == CertificateRole.Site)
            {
                await bandwidth.DownAsync(identity.Name, read, idle.Token);
            }

            // The buffer is read again only after the write has finished with it.
            await responseStream.WriteAsync(new DownloadPart { Data = UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, read)) }, idle.Token);
            idle.Moved();
        }
    }

    public override async Task<UploadResponse> Upload(IAsyncStreamReader<ArtifactPart> requestStream, ServerCallContext context)
    {
        await caller.Require(context, CertificateRole.Admin);
        using var idle = new IdleLimit(time, context.CancellationToken);
        if (!await requestStream.MoveNext(idle.Token))
        {
            throw ErrorCatalogue.DocumentInvalid.With("The upload is empty.");
        }

        var hash = requestStream.Current.Hash;
        return new UploadResponse { Hash = await store.PutAsync(hash, Pieces(requestStream, idle), idle.Token) };
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> Pieces(IAsyncStreamReader<ArtifactPart> parts, IdleLimit idle, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        long total = 0;
        do
        {
            total += parts.Current.Data.Length;
            if (total > MaximumBytes)
            {
                throw ErrorCatalogue.DocumentInvalid.With($"The artifact is larger than {MaximumBytes} bytes.");
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
