namespace BrainMVP.Federated.Contracts.Plans;

/// <summary>What the server does with the averaged change Δ (Reddi et al. 2021, "Adaptive federated optimization").</summary>
public static class ServerOptimizers
{
    /// <summary>FedAvg: w + η·Δ.</summary>
    public const string Average = "average";

    /// <summary>FedAvgM: m ← β₁·m + Δ, w + η·m.</summary>
    public const string Momentum = "momentum";

    /// <summary>Nesterov's momentum, the outer optimiser of DiLoCo: m ← β₁·m + Δ, w + η·(Δ + β₁·m).</summary>
    public const string Nesterov = "nesterov";

    /// <summary>FedAdam: m ← β₁·m + (1 − β₁)·Δ, v ← β₂·v + (1 − β₂)·Δ², w + η·m / (√v + τ).</summary>
    public const string Adam = "adam";

    /// <summary>FedYogi: as FedAdam with v ← v − (1 − β₂)·Δ²·sign(v − Δ²).</summary>
    public const string Yogi = "yogi";
}

/// <summary>What a site counts for in an average.</summary>
public static class SiteWeightings
{
    /// <summary>Optimiser steps; target draws for a template.</summary>
    public const string Steps = "steps";

    /// <summary>Training cases; target draws for a template.</summary>
    public const string Cases = "cases";

    /// <summary>One for every site.</summary>
    public const string Equal = "equal";
}

/// <summary>How the sites' changes become one.</summary>
public static class AggregationRules
{
    /// <summary>Weighted mean.</summary>
    public const string Mean = "mean";

    /// <summary>Median of every element (Yin et al. 2018); the mean of the two middle values for an even number of sites.</summary>
    public const string Median = "median";

    /// <summary>Mean of every element without the b lowest and the b highest values (Yin et al. 2018).</summary>
    public const string TrimmedMean = "trimmedMean";

    /// <summary>The one change that is closest to its n − f − 2 nearest neighbours (Blanchard et al. 2017).</summary>
    public const string Krum = "krum";

    /// <summary>Mean of the m changes with the best Krum scores.</summary>
    public const string MultiKrum = "multiKrum";

    /// <summary>Fewest delivered changes with which a rule can decide.</summary>
    public static int FewestSites(AggregationPlan plan) => plan.Rule switch
    {
        TrimmedMean => (2 * plan.TrimmedSites) + 1,
        Krum or MultiKrum => (2 * plan.FaultySites) + 3,
        _ => 1,
    };
}
