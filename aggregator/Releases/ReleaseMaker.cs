using System.Globalization;
using System.Text;
using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Audit;
using BrainMVP.Federated.Aggregator.Consortium;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.Runs;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.V1;

namespace BrainMVP.Federated.Aggregator.Releases;

/// <summary>Makes releases of committed rounds. Artifacts first, then the signed document, then the directory that shows it, then the record of it.</summary>
public sealed class ReleaseMaker(ArtifactStore artifacts, DocumentStore documents, DocumentSigner signer, RunStatusView view, IGrainFactory grains, TimeProvider time)
{
    /// <param name="run">Name of a run.</param>
    /// <param name="round">Committed round; 0 for the newest.</param>
    /// <param name="by">Who asks.</param>
    /// <returns>Hash of the release document; that of the earlier one when the round was released before.</returns>
    /// <exception cref="FederationException">BMF-1006 when the round is not committed, BMF-1308, BMF-1401 when its models were collected.</exception>
    public async Task<string> Create(string run, int round, string by)
    {
        var status = await view.Status(run);
        var state = await grains.GetGrain<IRunGrain>(run).Get();
        var entry = round != 0 ? state!.Commits.FirstOrDefault(c => c.Round == round) : state!.Commits is [.., var newest] ? newest : null;
        if (entry is null)
        {
            throw ErrorCatalogue.ArgumentInvalid.With(round == 0 ? $"{run} has no committed round yet." : $"Round {round} of {run} is not committed; it has {state.Commits.Count} committed rounds.");
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"{run}-{entry.Round}");
        var consortium = grains.GetGrain<IConsortiumGrain>(IConsortiumGrain.Key);

        // Two at the same time: the first that is in the directory counts for both, and for the audit log.
        var hash = (await consortium.Releases()).GetValueOrDefault(name) ?? await consortium.AddRelease(name, Publish(name, state.Document, entry, status));
        await grains.GetGrain<IAuditGrain>(IAuditGrain.Key).AppendOnce("release.created", name, new Dictionary<string, string> { ["document"] = hash, ["by"] = by, ["gate"] = ReleaseDocument.GateAbsent });
        return hash;
    }

    private string Publish(string name, string run, CommitEntry entry, RunStatus status)
    {
        var (document, commit) = (documents.Read<RunDocument>(run), documents.Read<RoundCommitDocument>(entry.Document));
        var card = artifacts.Put(file => file.Write(Encoding.UTF8.GetBytes(ModelCard.Write(document, commit, status.Validation.FirstOrDefault(v => v.Round == entry.Round)))));
        return signer.Publish(new ReleaseDocument
        {
            Name = name,
            Consortium = document.Consortium,
            Run = document.Run,
            Round = entry.Round,
            Tier = ReleaseDocument.ConsortiumTier,
            Gate = ReleaseDocument.GateAbsent,
            PlanHash = document.PlanHash,
            Plan = document.Plan,
            Commit = entry.Document,
            Model = File(entry.Model),
            Templates = entry.Templates.ToDictionary(t => t.Key, t => File(t.Value), StringComparer.Ordinal),
            Card = File(card),
            ReleasedAt = Instants.Text(time.GetUtcNow()),
        });
    }

    private ReleaseFile File(string hash) => new(hash, artifacts.LengthOf(hash));
}
