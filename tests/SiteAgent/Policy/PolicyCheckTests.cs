using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.SiteAgent.Policy;
using BrainMVP.Federated.SiteAgent.Rounds;
using BrainMVP.Federated.SiteAgent.Tests.Rounds;

namespace BrainMVP.Federated.SiteAgent.Tests.Policy;

public sealed class PolicyCheckTests
{
    private static readonly Plan Plan = Presets.Create(Presets.Demo) with { Modalities = ["t1", "t2"] };

    private static readonly DataProfile Profile = new()
    {
        Cases = 25,
        CasesByModality = new Dictionary<string, int> { ["t1"] = 25, ["flair"] = 4 },
    };

    [Theory]
    [InlineData(19, "BMF-1302")]
    [InlineData(20, null)]
    public void The_smallest_cohort_is_counted_over_cases_of_the_plan(int cases, string? refusal) =>
        Assert.Equal(refusal, PolicyCheck.RefusePlan(new PolicyDocument(), Plan, Profile, cases)?.Code.Id);

    [Fact]
    public void A_plan_with_a_lower_contributor_floor_is_refused()
    {
        var policy = new PolicyDocument { MinimumContributors = 3 };
        Assert.Equal(ErrorCatalogue.PolicyRefuses, PolicyCheck.RefusePlan(policy, Plan, Profile, 25)?.Code);
        Assert.Null(PolicyCheck.RefusePlan(policy, Plan with { Privacy = new PrivacyPlan { MinimumContributors = 3 } }, Profile, 25));
    }

    [Fact]
    public void A_plan_that_sends_the_sites_own_models_around_needs_the_sites_word()
    {
        var plan = Plan with { Downstream = new DownstreamPlan { Kind = "segmentation", CrossSite = true } };
        Assert.Contains("shareOwnModel", PolicyCheck.RefusePlan(new PolicyDocument(), plan, Profile, 25)?.Message, StringComparison.Ordinal);
        Assert.Null(PolicyCheck.RefusePlan(new PolicyDocument { ShareOwnModel = true }, plan, Profile, 25));
    }

    [Fact]
    public void A_site_without_a_modality_of_the_plan_says_so() =>
        Assert.Equal(ErrorCatalogue.NoModality, PolicyCheck.RefusePlan(new PolicyDocument(), Plan with { Modalities = ["dwi"] }, Profile, 25)?.Code);

    [Fact]
    public void Only_owned_shared_and_released_templates_are_reported()
    {
        var open = RoundExamples.Open() with
        {
            SharedModalities = ["t1", "t2"],
            Owners = new Dictionary<string, IReadOnlyList<string>> { ["t1"] = ["north", "south"], ["t2"] = ["east", "south"] },
        };
        Assert.Equal(["t1"], PolicyCheck.Shareable(new PolicyDocument(), open, "north", ["t1", "t2", "dwi"]));
        Assert.Equal(["t2"], PolicyCheck.Shareable(new PolicyDocument { ShareTemplates = ["t2"] }, open, "south", ["t1", "t2"]));
        Assert.Empty(PolicyCheck.Shareable(new PolicyDocument { ShareTemplates = [] }, open, "south", ["t1", "t2"]));
    }

    [Fact]
    public void A_roster_that_sums_a_template_over_too_few_sites_gets_nothing()
    {
        var roster = RoundExamples.Roster();
        Assert.Null(PolicyCheck.RefuseRoster(new PolicyDocument { MinimumContributors = 2 }, roster, "north"));
        Assert.Equal(ErrorCatalogue.PolicyRefuses, PolicyCheck.RefuseRoster(new PolicyDocument { MinimumContributors = 3 }, roster, "north")?.Code);
        Assert.Null(PolicyCheck.RefuseRoster(new PolicyDocument { MinimumContributors = 3 }, roster, "west"));
    }

    [Fact]
    public void A_roster_that_asks_for_a_held_back_template_gets_nothing() =>
        Assert.Equal(ErrorCatalogue.PolicyRefuses, PolicyCheck.RefuseRoster(new PolicyDocument { ShareTemplates = ["t2"] }, RoundExamples.Roster(), "north")?.Code);

    [Fact]
    public void Nothing_is_approved_unless_a_person_or_the_policy_does()
    {
        Assert.Null(ApproveWork.Decide(new PolicyDocument(), null, "aa", "now"));
        var person = new PlanDecision("aa", "Dr. A. Meier", "then");
        Assert.Equal(person, ApproveWork.Decide(new PolicyDocument(), person, "aa", "now"));
        Assert.Equal(person, ApproveWork.Decide(new PolicyDocument { RequireApproval = false }, person, "aa", "now"));
        Assert.Contains("policy", ApproveWork.Decide(new PolicyDocument { RequireApproval = false }, null, "aa", "now")!.By, StringComparison.Ordinal);
    }
}
