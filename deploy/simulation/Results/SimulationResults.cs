using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Privacy.Templates;
using BrainMVP.Federated.Simulation.Faults;
using BrainMVP.Federated.Simulation.Federation;

namespace BrainMVP.Federated.Simulation.Results;

/// <summary>A case that a site left out.</summary>
public sealed record SkippedResult(string Subject, string Error, string Detail);

/// <summary>What one site contributed.</summary>
/// <param name="Steps">Optimiser steps in committed rounds.</param>
/// <param name="Notes">For example that volumes were resampled.</param>
/// <param name="Refusal">Why the site refused the plan; empty when it did not.</param>
/// <param name="MinimumCohort">Of the policy file that the simulation wrote for the site.</param>
public sealed record SiteResult(string Name, IReadOnlyList<string> Modalities, int Cases, int Steps, int Rounds, IReadOnlyList<SkippedResult> Skipped, IReadOnlyList<string> Notes, string Refusal, int MinimumCohort);

/// <summary>One modality's template.</summary>
/// <param name="Contributors">Sites in the last sum.</param>
/// <param name="Structure">Null when there is nothing to compare.</param>
public sealed record TemplateResult(string Sha256, int Contributors, IReadOnlyList<string> ContributorSites, bool Delivered, string Reason, StructureResult? Structure);

/// <summary>How well one modality is reconstructed over all sites.</summary>
/// <param name="Source"><c>template</c>, or the modality that filled the masked voxels.</param>
/// <param name="Mse">Mean squared error over all voxels.</param>
/// <param name="Psnr">dB, mean over the crops.</param>
/// <param name="Ssim">−1..1, mean over the crops.</param>
public sealed record ViewResult(string Target, string Source, double Mse, double Psnr, double Ssim, long Crops);

/// <summary>Everything the summary and the report show.</summary>
public sealed record SimulationResults
{
    /// <summary>Cohort floor in the policy files the simulation writes; the shipped default is 20.</summary>
    public const int SimulatedMinimumCohort = 1;

    public required Plan Plan { get; init; }

    public required string Status { get; init; }

    public required string Reason { get; init; }

    public required string ModelHash { get; init; }

    public required IReadOnlyList<double> Loss { get; init; }

    public required RunStatus? Run { get; init; }

    public required IReadOnlyList<SiteResult> Sites { get; init; }

    public required IReadOnlyDictionary<string, TemplateResult> Templates { get; init; }

    /// <summary>Faults that were ordered.</summary>
    public IReadOnlyList<FaultResult> Faults { get; init; } = [];

    public IReadOnlyDictionary<string, double> Timings { get; init; } = new Dictionary<string, double>();

    /// <summary>Collects what the processes left, prepares the sites' data once more and measures the templates.</summary>
    public static SimulationResults Collect(SimulationFolder folder, Plan plan, IReadOnlyList<SiteData> data, RunStatus? status, ListSitesResponse profiles, CancellationToken cancellation)
    {
        var prepared = data.ToDictionary(d => d.Site.Name, d => SiteVolumes.Prepare(d, plan, folder, cancellation), StringComparer.Ordinal);
        var committed = status?.Rounds.Where(r => r.State == "committed").ToArray() ?? [];
        return new SimulationResults
        {
            Plan = plan,
            Status = status?.Summary.State ?? "failed",
            Reason = status?.Summary.Reason ?? "",
            ModelHash = File.Exists(folder.GlobalModel) ? CanonicalJson.Hash(File.ReadAllBytes(folder.GlobalModel)) : "",
            Loss = [.. (status?.Validation ?? []).OrderBy(v => v.Round).Select(v => v.Loss)],
            Run = status,
            Sites = [.. data.Select(d => Site(d.Site.Name, prepared[d.Site.Name], status, committed, profiles))],
            // A supervised run moves no template.
            Templates = plan.IsSupervised() ? new Dictionary<string, TemplateResult>() : TemplateResults(folder, plan, status, committed, prepared),
        };
    }

    /// <summary>The content of <c>summary.json</c>.</summary>
    public object Summary() => new
    {
        Status,
        Reason,
        Plan.Seed,
        Rounds = Run?.Summary.CommittedRounds ?? 0,
        Sites,
        Loss,
        LossBySite = Run?.Validation.OrderBy(v => v.Round).Select(v => v.BySite.ToDictionary()).ToArray(),
        Validation = Run?.Validation.OrderBy(v => v.Round).Select(v => new { v.Round, Views = v.Views.Select(View).ToArray(), Scores = Plan.IsSupervised() ? v.Scores.ToDictionary() : null }).ToArray(),
        Comparison = Run is { Comparison.Count: > 0 } compared
            ? compared.Comparison.Select(c => new { c.ModelSite, c.DataSite, Scores = c.Scores.ToDictionary(), Cases = c.Cases.ToDictionary() }).ToArray()
            : null,
        GlobalModel = new { Sha256 = ModelHash, File = "global-model.safetensors" },
        Templates,
        PlanHash = CanonicalJson.Hash(Plan),
        Faults,
        Timings,
    };

    private static ViewResult View(ViewQuality view) => new(view.Target, view.Source.Length > 0 ? view.Source : "template", view.Mse, view.Psnr, view.Ssim, view.Crops);

    private static SiteResult Site(string name, SiteVolumes volumes, RunStatus? status, RoundStatus[] committed, ListSitesResponse profiles)
    {
        var profile = profiles.Sites.FirstOrDefault(s => s.Site == name);
        var took = committed.Where(r => r.Uploaded.Contains(name)).ToArray();
        return new SiteResult(
            name,
            [.. Modalities.All.Where(m => profile?.CasesByModality.ContainsKey(m) ?? false)],
            profile?.Cases ?? 0,
            took.Sum(r => r.Steps.TryGetValue(name, out var steps) ? steps : 0),
            took.Length,
            volumes.Skipped,
            volumes.Notes,
            status?.Sites.FirstOrDefault(s => s.Site == name)?.Refusal ?? "",
            SimulatedMinimumCohort);
    }

    private static Dictionary<string, TemplateResult> TemplateResults(SimulationFolder folder, Plan plan, RunStatus? status, RoundStatus[] committed, IReadOnlyDictionary<string, SiteVolumes> prepared)
    {
        var results = new Dictionary<string, TemplateResult>(StringComparer.Ordinal);
        foreach (var modality in plan.Modalities)
        {
            var owners = prepared.Values.Where(v => v.Owns(modality)).ToArray();
            if (owners.Length == 0)
            {
                continue;
            }

            var group = committed.LastOrDefault()?.Groups.FirstOrDefault(g => g.Group == TensorGroups.Template(modality));
            var hash = status is not null && status.Templates.TryGetValue(modality, out var artifact) ? artifact : "";
            var evaluation = hash.Length > 0 ? TemplateFiles.Write(folder, plan, modality, owners) : null;
            results.Add(modality, new TemplateResult(hash, group?.Contributors.Count ?? 0, [.. group?.Contributors ?? []], hash.Length > 0, group?.Withheld ?? "no round was committed", evaluation));
        }

        return results;
    }
}
