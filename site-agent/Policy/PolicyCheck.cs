using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.SiteAgent.Policy;

/// <summary>What the site's policy says to a plan and to a roster. Pure: the same documents give the same answer.</summary>
public static class PolicyCheck
{
    /// <summary>Why the site does not take part in a plan, or null when it may.</summary>
    /// <param name="cases">Usable cases that have at least one of the plan's modalities.</param>
    public static FederationException? RefusePlan(PolicyDocument policy, Plan plan, DataProfile profile, int cases)
    {
        if (Owned(plan, profile).Count == 0)
        {
            return ErrorCatalogue.NoModality.With($"The plan learns {string.Join(", ", plan.Modalities)}; the site has {string.Join(", ", profile.CasesByModality.Keys.Order(StringComparer.Ordinal))}.");
        }

        if (cases < policy.MinimumCohort)
        {
            return ErrorCatalogue.PolicyRefuses.With($"minimumCohort is {policy.MinimumCohort}; the site has {cases} usable cases for this plan.");
        }

        if (plan.Privacy.MinimumContributors < policy.MinimumContributors)
        {
            return ErrorCatalogue.PolicyRefuses.With($"minimumContributors is {policy.MinimumContributors}; the plan delivers templates of {plan.Privacy.MinimumContributors} sites.");
        }

        if (plan.Downstream.CrossSite && !policy.ShareOwnModel)
        {
            return ErrorCatalogue.PolicyRefuses.With("shareOwnModel is false; the plan sends each site's own model to the others (downstream.crossSite).");
        }

        return null;
    }

    /// <summary>The plan's modalities of which the site has a usable case.</summary>
    public static IReadOnlyList<string> Owned(Plan plan, DataProfile profile) =>
        [.. plan.Modalities.Where(m => profile.CasesByModality.GetValueOrDefault(m) > 0)];

    /// <summary>Modalities of an opened round whose template change this site may report: owned, shared there, and not held back here.</summary>
    public static IReadOnlyList<string> Shareable(PolicyDocument policy, RoundOpenDocument open, string site, IEnumerable<string> owned) =>
        [.. owned.Where(m => open.SharedModalities.Contains(m, StringComparer.Ordinal)
            && open.Owners.GetValueOrDefault(m, []).Contains(site, StringComparer.Ordinal)
            && (policy.ShareTemplates?.Contains(m, StringComparer.Ordinal) ?? true))];

    /// <summary>Why the site does not send what a roster asks for, or null when it may.</summary>
    public static FederationException? RefuseRoster(PolicyDocument policy, RosterDocument roster, string site)
    {
        foreach (var group in roster.Groups.Where(g => g.Withheld is null && g.Participants.Any(p => p.Site == site)))
        {
            if (TensorGroups.ModalityOf(group.Group) is not { } modality)
            {
                continue;
            }

            if (group.Participants.Count < policy.MinimumContributors)
            {
                return ErrorCatalogue.PolicyRefuses.With($"minimumContributors is {policy.MinimumContributors}; the roster sums {group.Group} over {group.Participants.Count} sites.");
            }

            if (policy.ShareTemplates is { } shared && !shared.Contains(modality, StringComparer.Ordinal))
            {
                return ErrorCatalogue.PolicyRefuses.With($"shareTemplates does not list {modality}; the roster asks for {group.Group}.");
            }
        }

        return null;
    }
}
