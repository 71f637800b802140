using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Consortium;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.Sites;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Federation.FixedPoint;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.Aggregator.Runs;

/// <summary>Turns a submission into a signed run document and a run grain. Each part may be done twice.</summary>
public sealed class RunSubmission(TrustFiles trust, DocumentSigner signer, ArtifactStore artifacts, IGrainFactory grains, TimeProvider time)
{
    /// <exception cref="FederationException">BMF-1003, 1004, 1006, 1007, 1309, 1310, 1401, 1402, 1405 or 1406.</exception>
    public async Task<(string Run, string PlanHash)> Submit(SubmitRunRequest request)
    {
        Names.Require(request.Run, "run name");
        if (request.Token.Length is < 1 or > 128)
        {
            throw ErrorCatalogue.ArgumentInvalid.With("The submission token must have 1 to 128 characters.");
        }

        var plan = CanonicalJson.Deserialize<Plan>(request.Plan.Span);
        PlanRules.Check(plan);
        var sites = request.Sites.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        await CheckSites(plan, sites);
        foreach (var artifact in request.InitialTemplates.Values.Append(request.InitialModel))
        {
            artifacts.Use(artifact, time.GetUtcNow());
        }

        var layout = Layout(request.InitialModel, plan);
        InitialTemplates.Check(request.InitialTemplates, plan, layout, artifacts);

        var run = await grains.GetGrain<IConsortiumGrain>(IConsortiumGrain.Key).ReserveRun(request.Token, request.Run);
        var document = signer.Publish(new RunDocument
        {
            ProtocolVersion = PlanFields.ProtocolVersionOf(plan),
            Consortium = trust.Consortium,
            Run = run,
            PlanHash = CanonicalJson.Hash(plan),
            Plan = plan,
            InitialModel = request.InitialModel,
            InitialTemplates = request.InitialTemplates.Count > 0 ? request.InitialTemplates.ToDictionary() : null,
            LayoutHash = artifacts.Put(output => output.Write(CanonicalJson.Serialize(layout))),
            Sites = sites,
        });
        await grains.GetGrain<IRunGrain>(run).Create(document, request.Draft);
        foreach (var site in sites)
        {
            await grains.GetGrain<ISiteGrain>(site).AddRun(run);
        }

        return (run, CanonicalJson.Hash(plan));
    }

    private async Task CheckSites(Plan plan, string[] sites)
    {
        if (sites.Length == 0)
        {
            throw ErrorCatalogue.ArgumentInvalid.With("A run needs at least one site.");
        }

        foreach (var site in sites)
        {
            if ((await grains.GetGrain<ISiteGrain>(Names.Require(site, "site")).Get()).State is null)
            {
                throw ErrorCatalogue.SiteNotFound.With($"Site {site}.");
            }
        }

        var most = RingPacking.Largest(plan.Aggregation.RingBits) / 16;
        if (sites.Length > most)
        {
            throw ErrorCatalogue.PlanInconsistent.With($"aggregation.ringBits is {plan.Aggregation.RingBits}; a sum of so few bits takes at most {most} sites, the run invites {sites.Length}.");
        }

        if (plan.Quorum.MinimumSites > sites.Length || plan.Quorum.Required.Any(r => !sites.Contains(r, StringComparer.Ordinal)))
        {
            throw ErrorCatalogue.PlanInconsistent.With($"The quorum asks for {plan.Quorum.MinimumSites} sites and requires [{string.Join(", ", plan.Quorum.Required)}]; the run invites {string.Join(", ", sites)}.");
        }
    }

    private LayoutDocument Layout(string model, Plan plan)
    {
        artifacts.Verify(model);
        using var reader = new SafetensorsReader(artifacts.PathOf(model));
        return LayoutBuilder.Build(reader, plan);
    }
}
