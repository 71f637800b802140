using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Federation.Strategies;

/// <summary>What the sum of a tensor group consists of.</summary>
/// <param name="Weight">Weight in the sum; the mean is <c>sum · 2⁻ᵏ ÷ (Weight / W)</c>.</param>
/// <param name="Addends">Integers added up for one element, each rounded by at most one half.</param>
public readonly record struct GroupSum(long Weight, int Addends)
{
    /// <summary>The sum of a group whose members have arrived, under a plan's rule.</summary>
    /// <param name="plan">The plan's aggregation.</param>
    /// <param name="sites">Sites whose integers are used: all that delivered, or those that a Krum rule kept.</param>
    /// <param name="weight">Sum of their weights.</param>
    public static GroupSum Of(AggregationPlan plan, int sites, long weight) => plan.Rule switch
    {
        // Unit weights: what is left of the sorted values weighs its number.
        AggregationRules.Median => new GroupSum(2 - (sites & 1), 2 - (sites & 1)),
        AggregationRules.TrimmedMean => new GroupSum(sites - (2 * plan.TrimmedSites), sites - (2 * plan.TrimmedSites)),
        _ => new GroupSum(weight, sites),
    };
}
