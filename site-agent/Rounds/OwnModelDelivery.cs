using System.Globalization;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Transport;
using BrainMVP.Federated.Trust.Transport;
using Google.Protobuf;
using Grpc.Core;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>Sends this site's own model of a run that compares the sites' models, where the policy lets it.</summary>
public sealed class OwnModelDelivery(SiteContext site, TransferLimits limits)
{
    /// <summary>Delivers the model; what is there already is not sent again.</summary>
    /// <param name="run">The run.</param>
    /// <param name="path">The model as this site uses it.</param>
    /// <param name="cancellation">Cuts the transfer.</param>
    /// <returns>Its artifact.</returns>
    /// <exception cref="FederationException">BMF-1303 when the run does not wait for it, BMF-1407.</exception>
    public async Task<string> SendAsync(KnownRun run, string path, CancellationToken cancellation)
    {
        var hash = FileHash.Of(path);
        Record(run, path, hash);
        if (!await IsThereAsync(hash, cancellation))
        {
            try
            {
                await StreamAsync(run.Document.Run, path, hash, cancellation);
            }
            catch (RpcException) when (cancellation.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancellation);
            }
            catch (RpcException e)
            {
                throw RpcErrors.Translate(e);
            }
        }

        return hash;
    }

    private async Task<bool> IsThereAsync(string hash, CancellationToken cancellation)
    {
        try
        {
            await site.Link.Calls.CallAsync(site.Link.Control, o => new ArtifactService.ArtifactServiceClient(site.Link.Control.Invoker).StatAsync(new StatRequest { Hash = hash }, o), cancellation);
            return true;
        }
        catch (FederationException e) when (e.Code == ErrorCatalogue.ArtifactMissing)
        {
            return false;
        }
    }

    private async Task StreamAsync(string run, string path, string hash, CancellationToken cancellation)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(limits.Silence);
        try
        {
            await StreamAsync(run, path, hash, silence);
        }
        catch (Exception) when (silence.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw ErrorCatalogue.Unreachable.With($"The aggregator took nothing of this site's model for {limits.Silence.TotalSeconds:F0} s.");
        }
    }

    private async Task StreamAsync(string run, string path, string hash, CancellationTokenSource silence)
    {
        using var call = site.Link.Models.Upload(new CallOptions(deadline: (site.Time.GetUtcNow() + limits.Total).UtcDateTime, cancellationToken: silence.Token));
        await using var file = File.OpenRead(path);
        var buffer = new byte[Protocol.MessageBytes];
        for (var sent = 0L; sent < file.Length;)
        {
            var read = await file.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, silence.Token);
            await site.Link.Bandwidth.UpAsync(read, silence.Token);
            await call.RequestStream.WriteAsync(new ArtifactPart { Run = sent == 0 ? run : "", Hash = sent == 0 ? hash : "", Data = UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, read)) }, silence.Token);
            sent += read;
            site.Progress.Set(run, 0, "upload", sent, file.Length);
            silence.CancelAfter(limits.Silence);
        }

        await call.RequestStream.CompleteAsync();
        await call;
    }

    /// <summary>A page for the hospital's people, before the first byte leaves.</summary>
    private void Record(KnownRun run, string path, string hash)
    {
        var page = Path.Combine(site.Folder.Egress, $"{run.Document.Run}-own-model-{hash[..12]}.txt");
        if (!File.Exists(page))
        {
            DurableFile.WriteAllText(page, string.Create(CultureInfo.InvariantCulture, $"""
                Site {site.Site} of consortium {site.Settings.Consortium}
                Run {run.Document.Run}, after its last round
                Plan {run.Document.PlanHash}, approved by {Documents.Read<ApprovalDocument>(run.Folder.Approval).ApprovedBy}
                Sent to {site.Settings.Aggregator}, and from there to the sites of the run: {string.Join(", ", run.Document.Sites)}

                What leaves: the model as this site uses it, with the layers that it keeps of its own, {new FileInfo(path).Length} bytes,
                because the plan compares the sites' models and shareOwnModel of this site's policy is true. No image, no label, no case.

                SHA-256 {hash}

                """));
        }
    }
}
