using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Privacy.Templates;

/// <summary>
/// A template row that fewer than <c>minimumContributors</c> sites contribute to would be one hospital's own mean
/// image, so it does not move and is not delivered. Checked at the opening (owners), at the roster (reports) and on
/// the set that arrived, by the aggregator and by each site.
/// </summary>
public static class ContributorFloor
{
    /// <summary>Why a row is withheld, or null when it may move.</summary>
    /// <param name="plan">The run's plan.</param>
    /// <param name="contributors">Sites that own, report or delivered the row.</param>
    /// <param name="stage">What the sites did, for the sentence: "own", "reported", "delivered".</param>
    public static string? Withhold(Plan plan, int contributors, string stage) =>
        contributors >= plan.Privacy.MinimumContributors
            ? null
            : contributors == 0
                ? $"no site {(stage == "own" ? "owns" : stage)} it"
                : $"only {contributors} {(contributors == 1 ? "site" : "sites")} {(stage == "own" && contributors == 1 ? "owns" : stage)} it, the floor is {plan.Privacy.MinimumContributors}";
}
