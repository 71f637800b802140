using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Rosters;
using CsCheck;

namespace BrainMVP.Federated.Federation.Tests.Rosters;

public sealed class RosterBuilderTests
{
    [Fact]
    public void The_same_reports_give_the_same_roster_in_whatever_order_they_came() => Gen.Select(Gen.ULong, Gen.Int[1, 6]).Sample(
        (seed, sites) =>
        {
            using var federation = new TinyFederation(seed, sites);
            var reports = federation.Reports.ToArray();
            new CounterRandom(seed, "order").Shuffle<Contracts.Documents.UpdateReport>(reports);
            var shuffled = reports.Select(r => r with { TargetDraws = r.TargetDraws.Reverse().ToDictionary(d => d.Key, d => d.Value) });
            Assert.Equal(CanonicalJson.Hash(federation.Roster), CanonicalJson.Hash(RosterBuilder.Build(federation.Open, federation.Layout, shuffled, federation.Withheld, federation.Plan, federation.Roster.UploadDeadline)));
        },
        iter: 60);

    [Fact]
    public void Network_groups_weigh_by_steps_and_templates_by_draws() => Gen.ULong.Sample(
        seed =>
        {
            using var federation = new TinyFederation(seed, 4);
            foreach (var group in federation.Roster.Groups)
            {
                Assert.Equal(group.TotalWeight, group.Participants.Sum(p => p.Weight));
                Assert.Equal(group.Participants.Select(p => p.Site).Order(StringComparer.Ordinal), group.Participants.Select(p => p.Site));
                Assert.All(group.Participants, p =>
                {
                    var report = federation.Reports.Single(r => r.Site == p.Site);
                    Assert.Equal(TensorGroups.ModalityOf(group.Group) is { } m ? report.TargetDraws[m] : report.Steps, p.Weight);
                    Assert.True(p.Weight > 0);
                });
            }

            Assert.Equal(4, federation.Roster.Groups.Single(g => g.Group == TensorGroups.Network).Participants.Count);
        },
        iter: 40);

    [Fact]
    public void A_withheld_modality_has_a_reason_no_participant_and_no_scale()
    {
        using var federation = new TinyFederation(8, 4, new Dictionary<string, string> { ["t2"] = "only 1 site reported it" });
        var group = federation.Roster.Groups.Single(g => g.Group == "template.t2");
        Assert.Equal(("only 1 site reported it", 0, 0L), (group.Withheld, group.Participants.Count, group.TotalWeight));
        Assert.Null(federation.Roster.Scales.Single(s => s.Name == "template.t2").Scale);
    }

    [Fact]
    public void A_modality_nobody_drew_is_withheld_by_itself()
    {
        using var federation = new TinyFederation(8, 2);
        var reports = federation.Reports.Select(r => r with { TargetDraws = r.TargetDraws.ToDictionary(d => d.Key, _ => 0L) });
        var roster = RosterBuilder.Build(federation.Open, federation.Layout, reports, federation.Withheld, federation.Plan, "");
        Assert.All(roster.Groups.Where(g => TensorGroups.ModalityOf(g.Group) is not null), g => Assert.Equal("no site contributed", g.Withheld));
        Assert.Equal(0, RosterBuilder.Contributors(reports, "t1"));
    }

    [Fact]
    public void A_tensor_that_is_zero_everywhere_has_no_scale_and_the_others_have_one()
    {
        using var federation = new TinyFederation(13, 3);
        foreach (var scale in federation.Roster.Scales)
        {
            var group = federation.Roster.Groups.Single(g => g.Group == federation.Layout.Tensors.Single(t => t.Name == scale.Name).Group);
            var zero = group.Participants.All(p => federation.Reports.Single(r => r.Site == p.Site).Exponents.Single(e => e.Name == scale.Name).Exponent is null);
            Assert.Equal(zero, scale.Scale is null);
        }
    }
}
