using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Federation.FixedPoint;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Strategies;

namespace BrainMVP.Federated.Federation.Rosters;

/// <summary>
/// Step 4: fixes for every tensor group who contributes with which weight, and one scale a tensor. A pure function of
/// the reports: the same reports give the same roster in whatever order they came.
/// </summary>
public static class RosterBuilder
{
    /// <param name="open">The round's opening.</param>
    /// <param name="layout">The run's layout.</param>
    /// <param name="reports">Accepted reports.</param>
    /// <param name="withheld">For each modality that may not move this round, the reason; decided before by the contributor floor.</param>
    /// <param name="plan">What a site counts for.</param>
    /// <param name="uploadDeadline">UTC, ISO 8601.</param>
    public static RosterDocument Build(RoundOpenDocument open, LayoutDocument layout, IEnumerable<UpdateReport> reports, IReadOnlyDictionary<string, string> withheld, Plan plan, string uploadDeadline)
    {
        var ordered = reports.OrderBy(r => r.Site, StringComparer.Ordinal).ToArray();
        var exponents = ordered.ToDictionary(r => r.Site, r => r.Exponents.ToDictionary(e => e.Name, e => e.Exponent, StringComparer.Ordinal), StringComparer.Ordinal);
        var groups = layout.Tensors.Select(t => t.Group).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(group => Group(group, ordered, withheld, plan))
            .ToArray();
        var byName = groups.ToDictionary(g => g.Group, StringComparer.Ordinal);
        return new RosterDocument
        {
            OpenContext = RoundContexts.Open(open.Context),
            Groups = groups,
            Scales = [.. layout.Tensors.Select(t => new TensorScale(t.Name, Scale(t, byName[t.Group], exponents, plan.Aggregation.RingBits)))],
            UploadDeadline = uploadDeadline,
        };
    }

    /// <summary>Target draws by modality, and the number of sites that report any: what the contributor floor is checked on.</summary>
    public static int Contributors(IEnumerable<UpdateReport> reports, string modality) =>
        reports.Count(r => r.TargetDraws.GetValueOrDefault(modality) > 0);

    private static GroupRoster Group(string group, UpdateReport[] reports, IReadOnlyDictionary<string, string> withheld, Plan plan)
    {
        var modality = TensorGroups.ModalityOf(group);
        var participants = reports
            .Select(r => new RosterWeight(r.Site, SiteWeights.OfGroup(r, group, plan)))
            .Where(p => p.Weight > 0)
            .ToArray();
        var reason = modality is not null && withheld.TryGetValue(modality, out var text) ? text : null;
        if (reason is null && participants.Length == 0)
        {
            reason = "no site contributed";
        }

        return new GroupRoster(group, reason is null ? participants : [], reason is null ? participants.Sum(p => p.Weight) : 0, reason);
    }

    private static int? Scale(LayoutTensor tensor, GroupRoster group, Dictionary<string, Dictionary<string, int?>> exponents, int bits) =>
        group.Withheld is not null
            ? null
            : ScaleSelection.Choose([.. group.Participants.Select(p => new ScaledContribution(p.Weight, exponents[p.Site].GetValueOrDefault(tensor.Name)))], bits);
}
