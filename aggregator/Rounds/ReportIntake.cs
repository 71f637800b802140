using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.Runs;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Federation.Rosters;
using BrainMVP.Federated.Trust.Certificates;

namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>Step 3 at the aggregator: a report is verified and checked against plan and layout before the round sees it.</summary>
public sealed class ReportIntake(DocumentSigner signer, DocumentStore documents, ArtifactStore artifacts, IGrainFactory grains)
{
    /// <exception cref="FederationException">BMF-1203, BMF-1303 to BMF-1306. A rejected report leaves the site out of the round with the reason.</exception>
    public async Task Accept(RoundKey key, RunState runState, CertificateIdentity site, SignedDocument signed)
    {
        var grain = grains.GetGrain<IRoundGrain>($"{key.Run}/{key.Round}");
        var state = await grain.Get();
        if (state is null || state.Attempt != key.Attempt)
        {
            throw ErrorCatalogue.RoundClosed.With($"Attempt {key.Attempt} of round {key.Round} of {key.Run} is not open.");
        }

        var (report, hash) = signer.Accept<UpdateReport>(signed, site);
        var run = documents.Read<RunDocument>(runState.Document);
        var layout = CanonicalJson.Deserialize<LayoutDocument>(await File.ReadAllBytesAsync(artifacts.PathOf(run.LayoutHash)));
        var context = RoundContexts.Open(documents.Read<RoundOpenDocument>(state.Open).Context);
        if (report.OpenContext != context)
        {
            // A report of another round that comes again, however, says nothing about this round's: the site stays in.
            throw ErrorCatalogue.ContextMismatch.With($"The report is for context {report.OpenContext}, expected {context}.");
        }

        var violation = report.Site == site.Name
            ? ReportValidator.FindViolation(report, documents.Read<RoundOpenDocument>(state.Open), layout, run.Plan)
                ?? LateReports.FindViolation(report, key.Round, CommitsSince(runState, key.Round - report.Age))
            : $"The report names {report.Site}, but {site.Name} sent it.";
        if (violation is not null)
        {
            await grain.Decline(site.Name, $"{ErrorCatalogue.UpdateRejected.Id}: {violation}");
            throw ErrorCatalogue.UpdateRejected.With(violation);
        }

        await grain.Report(site.Name, hash);
    }

    private IEnumerable<RoundCommitDocument> CommitsSince(RunState run, int round) =>
        run.Commits.Where(c => c.Round >= round).Select(c => documents.Read<RoundCommitDocument>(c.Document));
}
