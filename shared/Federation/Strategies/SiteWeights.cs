using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Federation.Strategies;

/// <summary>What a site's report counts for in a tensor group.</summary>
public static class SiteWeights
{
    /// <param name="report">An accepted report.</param>
    /// <param name="modality">Modality of a template group, null for the network's groups.</param>
    /// <param name="weighting">One of <see cref="SiteWeightings"/>.</param>
    /// <returns>0 when the site does not contribute.</returns>
    public static long Of(UpdateReport report, string? modality, string weighting)
    {
        var draws = modality is null ? 1 : report.TargetDraws.GetValueOrDefault(modality);
        return (weighting, modality) switch
        {
            _ when draws <= 0 => 0,
            (SiteWeightings.Equal, _) => 1,
            (_, not null) => draws,
            (SiteWeightings.Cases, _) => report.Cases,
            _ => report.Steps,
        };
    }
}
