using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.Federation.Rosters;

/// <summary>Checks a report against the plan and the layout before the site may enter a roster.</summary>
public static class ReportValidator
{
    /// <summary>Two different 32-bit floats differ by at least 2^-149.</summary>
    private const int SmallestExponent = -149;

    /// <returns>Null when valid; otherwise one sentence that names the rule.</returns>
    public static string? FindViolation(UpdateReport report, RoundOpenDocument open, LayoutDocument layout, Plan plan)
    {
        if (report.OpenContext != RoundContexts.Open(open.Context))
        {
            return "The report belongs to another round or attempt.";
        }

        if (Age(report, open.Context.Round, plan.Quorum) is { } age)
        {
            return age;
        }

        if (report.Steps < 1 || report.Steps > plan.Rounds.LocalSteps)
        {
            return $"The report claims {report.Steps} optimiser steps; the plan allows 1 to {plan.Rounds.LocalSteps}.";
        }

        var mostDraws = (long)report.Steps * plan.Training.BatchSize * plan.Training.Accumulation;
        if (report.TargetDraws.FirstOrDefault(d => d.Value < 0 || d.Value > mostDraws) is { Key: { } modality, Value: var draws })
        {
            return $"The report claims {draws} target draws of {modality}; {report.Steps} steps allow {mostDraws}.";
        }

        // A case is the target once in each of its modalities, or in one of them. No addend is above the limit here, so
        // the sum cannot overflow.
        var mostAllDraws = plan.Training.Targets == "all" ? mostDraws * plan.Modalities.Count : mostDraws;
        if (report.TargetDraws.Values.Sum() is var allDraws && allDraws > mostAllDraws)
        {
            return $"The report claims {allDraws} target draws; {report.Steps} steps allow {mostAllDraws}.";
        }

        if (report.TargetDraws.Keys.FirstOrDefault(m => !open.SharedModalities.Contains(m, StringComparer.Ordinal) || !open.Owners.GetValueOrDefault(m, []).Contains(report.Site, StringComparer.Ordinal)) is { } foreign)
        {
            return $"The report has target draws of {foreign}, which this site does not share in this round.";
        }

        if (report.Cases < 1)
        {
            return "The report names no case.";
        }

        return Exponents(report, layout, plan) ?? Numbers(report, plan);
    }

    private static string? Age(UpdateReport report, int round, QuorumPlan quorum)
    {
        if (report.Age == 0 && report.BaseContext is null)
        {
            return null;
        }

        if (!quorum.Carries())
        {
            return "The report carries work of an earlier round; the plan discards late work.";
        }

        if (report.Age < 1 || report.Age > quorum.MaximumAge || report.Age >= round || report.BaseContext is null)
        {
            return $"The report claims work that is {report.Age} rounds old; the plan allows 1 to {quorum.MaximumAge}, and it must name the round it was trained in.";
        }

        // It would be taken for a validation of this round's model.
        return report.Validation.Count > 0 ? "The report carries work of an earlier round and validates another model than this round's." : null;
    }

    private static string? Exponents(UpdateReport report, LayoutDocument layout, Plan plan)
    {
        var expected = layout.Tensors
            .Where(t => TensorGroups.ModalityOf(t.Group) is not { } m || report.TargetDraws.ContainsKey(m))
            .Select(t => t.Name);
        if (!report.Exponents.Select(e => e.Name).SequenceEqual(expected, StringComparer.Ordinal))
        {
            return "The report's exponents do not name the tensors that this site can contribute.";
        }

        if (report.Exponents.FirstOrDefault(e => e.Exponent < SmallestExponent) is { } small)
        {
            return $"Tensor {small.Name} changed with exponent {small.Exponent}, smaller than any difference of two 32-bit floats.";
        }

        return report.Exponents.FirstOrDefault(e => e.Exponent > plan.Aggregation.MaxDeltaExponent) is { } large
            ? $"Tensor {large.Name} changed with exponent {large.Exponent}; the plan allows at most {plan.Aggregation.MaxDeltaExponent}."
            : null;
    }

    private static string? Numbers(UpdateReport report, Plan plan)
    {
        if (report.Norms.Values.Concat(report.Losses.Values).Concat(report.Timings.Values).Any(v => !double.IsFinite(v)))
        {
            return "The report has a number that is not finite.";
        }

        return plan.Aggregation.MaxDeltaNorm > 0 && !(report.Norms.GetValueOrDefault(TensorGroups.Network, double.NaN) <= plan.Aggregation.MaxDeltaNorm)
            ? $"The report does not state a norm of the network's change of at most {plan.Aggregation.MaxDeltaNorm}."
            : ValidationRules.FindViolation(report.Validation, plan) ?? ValidationRules.FindViolation(report.Scores, plan);
    }
}
