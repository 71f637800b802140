using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.Federation.Strategies;

/// <summary>What a site's report counts for in a tensor group.</summary>
public static class SiteWeights
{
    /// <summary>Where work may be carried, weights are in units of 1/1024, so that a factor on them stays an integer.</summary>
    public const long CarriedResolution = 1024;

    /// <summary>What it counts for in a group by its name. SCAFFOLD's control variates count the same of every site.</summary>
    public static long OfGroup(UpdateReport report, string group, Plan plan) =>
        group == TensorGroups.Control ? 1 : Of(report, TensorGroups.ModalityOf(group), plan);

    /// <param name="report">An accepted report.</param>
    /// <param name="modality">Modality of a template group, null for the network's groups.</param>
    /// <param name="plan">The plan.</param>
    /// <returns>0 when the site does not contribute.</returns>
    public static long Of(UpdateReport report, string? modality, Plan plan)
    {
        var weight = Fresh(report, modality, plan.Aggregation.SiteWeighting);
        return plan.Quorum.Carries() && weight > 0 ? Aged(weight * CarriedResolution, report.Age, plan.Quorum.StalenessFactor) : weight;
    }

    private static long Fresh(UpdateReport report, string? modality, string weighting)
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

    /// <summary>Multiplied round by round in IEEE double, so that site and aggregator get the same integer everywhere.</summary>
    private static long Aged(long weight, int age, double factor)
    {
        double aged = weight;
        for (var i = 0; i < age; i++)
        {
            aged *= factor;
        }

        return Math.Max(1, (long)Math.Round(aged, MidpointRounding.ToEven));
    }
}
