using BrainMVP.Federated.Contracts.Json;

namespace BrainMVP.Federated.Contracts.Documents;

/// <summary>What steps 1 to 3 of a round are bound to; its hash is the <c>openContext</c>.</summary>
public sealed record OpenContext
{
    public int ProtocolVersion { get; init; } = Protocol.Version;

    public required string Consortium { get; init; }

    public required string Run { get; init; }

    /// <summary>1 .. plan.rounds.count.</summary>
    public required int Round { get; init; }

    /// <summary>1 for the first try of the round.</summary>
    public required int Attempt { get; init; }

    public required string PlanHash { get; init; }

    /// <summary>Artifact of the global model that the round starts from.</summary>
    public required string Model { get; init; }

    /// <summary>Artifact of each modality's template; a modality that started without one and never moved is absent: zero.</summary>
    public required IReadOnlyDictionary<string, string> Templates { get; init; }

    /// <summary>Artifact of the federation's control variate; null while it is zero, or without SCAFFOLD.</summary>
    public string? Control { get; init; }

    public required string LayoutHash { get; init; }

    /// <summary>Invited sites in ordinal order.</summary>
    public required IReadOnlyList<string> Invited { get; init; }
}

/// <summary>Step 1: the signed opening of a round.</summary>
public sealed record RoundOpenDocument
{
    public required OpenContext Context { get; init; }

    /// <summary>UTC, ISO 8601.</summary>
    public required string OpenedAt { get; init; }

    /// <summary>UTC, ISO 8601.</summary>
    public required string ReportDeadline { get; init; }

    /// <summary>Sites that own each modality of the plan according to their data profiles, ordinal order.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Owners { get; init; }

    /// <summary>Modalities with at least the contributor floor of owners; only these rows are ever asked for.</summary>
    public required IReadOnlyList<string> SharedModalities { get; init; }

    /// <summary>Commit of the round before, empty for round 1.</summary>
    public required string ParentCommit { get; init; }
}

/// <summary>Exponent of one tensor of a change: <c>e = ceil(log2 absmax)</c>; null when the tensor is zero everywhere.</summary>
public sealed record TensorExponent(string Name, int? Exponent);

/// <summary>Step 3: what a site did, without any tensor.</summary>
public sealed record UpdateReport
{
    public required string Site { get; init; }

    /// <summary>Hash of the <see cref="Documents.OpenContext"/>.</summary>
    public required string OpenContext { get; init; }

    /// <summary>Rounds since the one whose model the site trained from; 0 when it is this round's.</summary>
    [Since(2)]
    public int Age { get; init; }

    /// <summary>Open context of the round that the site trained in; null when it is this round's.</summary>
    public string? BaseContext { get; init; }

    /// <summary>Optimiser steps trained: the weight of the network groups.</summary>
    public required int Steps { get; init; }

    public required int Cases { get; init; }

    /// <summary>Target draws of each shared modality the site owns: the weight of that template row.</summary>
    public required IReadOnlyDictionary<string, long> TargetDraws { get; init; }

    /// <summary>Exponents of every tensor the site can contribute, ordinal name order.</summary>
    public required IReadOnlyList<TensorExponent> Exponents { get; init; }

    /// <summary>Euclidean norm of the change of each group.</summary>
    public required IReadOnlyDictionary<string, double> Norms { get; init; }

    /// <summary>Mean losses over the round: total, templateView, crossModalView, contrastive; of a supervised run total alone.</summary>
    public required IReadOnlyDictionary<string, double> Losses { get; init; }

    /// <summary>Validation of the model that the round started from, by the name of a <see cref="ValidationView"/>.</summary>
    public required IReadOnlyDictionary<string, ValidationSum> Validation { get; init; }

    /// <summary>Scores of the same model by region or class; null unless the run is supervised.</summary>
    [Since(3)]
    public IReadOnlyDictionary<string, ScoreSum>? Scores { get; init; }

    /// <summary>Seconds in each phase at the site: fetch, train, encode.</summary>
    public required IReadOnlyDictionary<string, double> Timings { get; init; }

    /// <summary>Head of the site's audit log.</summary>
    public required string AuditHead { get; init; }
}

/// <summary>Participants of one tensor group with their integer weights, ordinal site order.</summary>
/// <param name="Withheld">Why the group does not move this round; null when it does.</param>
public sealed record GroupRoster(string Group, IReadOnlyList<RosterWeight> Participants, long TotalWeight, string? Withheld = null);

public sealed record RosterWeight(string Site, long Weight);

/// <summary>Scale <c>2^k</c> of one tensor; null when the tensor is zero everywhere and is not sent.</summary>
public sealed record TensorScale(string Name, int? Scale);

/// <summary>Step 4: who contributes what with which weight, and one scale a tensor.</summary>
public sealed record RosterDocument
{
    public required string OpenContext { get; init; }

    public required IReadOnlyList<GroupRoster> Groups { get; init; }

    /// <summary>Every tensor of the layout in ordinal name order.</summary>
    public required IReadOnlyList<TensorScale> Scales { get; init; }

    public required string UploadDeadline { get; init; }
}

/// <summary>Step 5: the chunks of a site's encoded update.</summary>
public sealed record UpdateManifest
{
    public required string Site { get; init; }

    /// <summary>SHA-256(openContext ‖ roster hash).</summary>
    public required string RoundContext { get; init; }

    public required long Bytes { get; init; }

    /// <summary>SHA-256 of each chunk of <see cref="Protocol.UpdateChunkBytes"/> bytes, in order.</summary>
    public required IReadOnlyList<string> Chunks { get; init; }
}

/// <summary>One tensor group of a committed round.</summary>
/// <param name="Arrived">Sites whose integers are in the sum, ordinal order.</param>
/// <param name="ArrivedWeight">Sum of their weights.</param>
/// <param name="Withheld">Why the group did not move; null when it did.</param>
/// <param name="QuantisationBound">Largest possible error of the mean from rounding, in the tensor's unit, over the group's tensors.</param>
public sealed record GroupResult(string Group, IReadOnlyList<string> Arrived, long ArrivedWeight, long TotalWeight, string? Withheld, double QuantisationBound);

/// <summary>A new model or template as a change in fewer bits.</summary>
/// <param name="Delta">Artifact of the change.</param>
/// <param name="LargestError">Largest absolute difference from what the sums gave, in the tensor's unit.</param>
/// <param name="RelativeError">Euclidean norm of that difference over the norm of the change.</param>
public sealed record BroadcastEntry(string Delta, double LargestError, double RelativeError);

/// <summary>Step 7: the signed result of a round.</summary>
public sealed record RoundCommitDocument
{
    public required OpenContext Context { get; init; }

    public required string RosterHash { get; init; }

    public required string RoundContext { get; init; }

    /// <summary>The new global model.</summary>
    public required string Model { get; init; }

    /// <summary>The model it was made from.</summary>
    public required string ParentModel { get; init; }

    public required IReadOnlyDictionary<string, string> Templates { get; init; }

    /// <summary>Artifact of the federation's control variate after this round; null while it is zero, or without SCAFFOLD.</summary>
    public string? Control { get; init; }

    /// <summary>Changes that lead to the new model and the new templates, by their artifact; null when the plan does not broadcast changes.</summary>
    public IReadOnlyDictionary<string, BroadcastEntry>? Broadcast { get; init; }

    /// <summary>Artifact with the server optimiser's moments after this round; null when it keeps none.</summary>
    public string? ServerState { get; init; }

    public required IReadOnlyList<GroupResult> Groups { get; init; }

    /// <summary>Sites whose update is in the model, ordinal order.</summary>
    public required IReadOnlyList<string> Contributors { get; init; }

    /// <summary>Contributors whose work was trained in an earlier round, with its age in rounds; null when there is none.</summary>
    public IReadOnlyDictionary<string, int>? Ages { get; init; }

    /// <summary>Sites invited and not in the model, with the reason.</summary>
    public required IReadOnlyDictionary<string, string> Dropouts { get; init; }

    /// <summary>Validation of <see cref="ParentModel"/> by site and name of a <see cref="ValidationView"/>.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, ValidationSum>> Validation { get; init; }

    /// <summary>Scores of <see cref="ParentModel"/> by site and region or class; null unless the run is supervised.</summary>
    [Since(3)]
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, ScoreSum>>? Scores { get; init; }

    /// <summary>Update manifest hash of each contributor.</summary>
    public required IReadOnlyDictionary<string, string> Updates { get; init; }

    /// <summary>Head of the aggregator's audit log before this commit.</summary>
    public required string AuditHead { get; init; }

    /// <summary>Audit head that each reporting site sent.</summary>
    public required IReadOnlyDictionary<string, string> SiteAuditHeads { get; init; }

    public required string CommittedAt { get; init; }
}

/// <summary>Validation of the final model by one site, after the last commit.</summary>
public sealed record EvaluationReport
{
    public required string Site { get; init; }

    public required string Run { get; init; }

    /// <summary>Artifact that was evaluated.</summary>
    public required string Model { get; init; }

    /// <summary>By the name of a <see cref="ValidationView"/>.</summary>
    public required IReadOnlyDictionary<string, ValidationSum> Validation { get; init; }

    /// <summary>By region or class; null unless the run is supervised.</summary>
    [Since(3)]
    public IReadOnlyDictionary<string, ScoreSum>? Scores { get; init; }

    /// <summary>Artifact of the model as this site uses it, with its own layers; null where the plan compares no models or the site does not share its own.</summary>
    [Since(3)]
    public string? OwnModel { get; init; }
}

/// <summary>All sites' models on the held-out cases of one site.</summary>
public sealed record ComparisonReport
{
    /// <summary>Site of the cases.</summary>
    public required string Site { get; init; }

    public required string Run { get; init; }

    /// <summary>The federation's model that the sites' own ones are made of.</summary>
    public required string Model { get; init; }

    /// <summary>By site of the model, then by region or class.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, ScoreSum>> Scores { get; init; }
}

/// <summary>Context arithmetic.</summary>
public static class RoundContexts
{
    /// <summary>SHA-256 of the canonical open context.</summary>
    public static string Open(OpenContext context) => CanonicalJson.Hash(context);

    /// <summary>SHA-256 of the two hashes' bytes, open context first.</summary>
    public static string Round(string openContext, string rosterHash) =>
        CanonicalJson.Hash([.. Convert.FromHexString(openContext), .. Convert.FromHexString(rosterHash)]);
}
