using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.SiteAgent.Policy;
using CsCheck;

namespace BrainMVP.Federated.SiteAgent.Tests.Policy;

public sealed class PolicyFileTests
{
    [Fact]
    public void What_is_written_reads_back_the_same()
    {
        var windows = Gen.Int[0, 2].Select(n => ((IReadOnlyList<string>[])[[], ["19:00-07:00"], ["00:00-06:30", "20:00-23:59"]])[n]);
        var shared = Gen.Int[0, 2].Select(n => ((IReadOnlyList<string>?[])[null, [], ["t1", "adc"]])[n]);
        Gen.Select(Gen.Int[1, 1000], Gen.Bool, Gen.Int[1, 100], shared, windows, Gen.Int[1, 100000]).Sample((cohort, approval, contributors, share, hours, seconds) =>
        {
            var policy = new PolicyDocument
            {
                MinimumCohort = cohort,
                RequireApproval = approval,
                MinimumContributors = contributors,
                ShareTemplates = share,
                Hours = hours,
                MaximumRoundSeconds = seconds,
                ShareOwnModel = !approval,
            };
            var read = PolicyFile.Parse(PolicyFile.ToText(policy), "policy.yaml");
            Assert.Equal(CanonicalJson.ToReadable(policy), CanonicalJson.ToReadable(read));
        });
    }

    [Fact]
    public void Without_a_file_the_strict_defaults_hold()
    {
        var policy = PolicyFile.Read("/nowhere/policy.yaml");
        Assert.Equal(20, policy.MinimumCohort);
        Assert.True(policy.RequireApproval);
    }

    [Theory]
    [InlineData("minimumCohort: 5\nminimumCohrot: 3", "line 2", "minimumCohrot")]
    [InlineData("minimumCohort: 0", "line 1", "minimumCohort")]
    [InlineData("\nminimumCohort: many", "line 2", "minimumCohort")]
    [InlineData("requireApproval: yes", "line 1", "requireApproval")]
    [InlineData("shareTemplates: [t1, ct]", "line 1", "ct")]
    [InlineData("shareTemplates: t1", "line 1", "shareTemplates")]
    [InlineData("hours: [\"7-19\"]", "line 1", "hours")]
    [InlineData("minimumCohort: [1]", "line 1", "minimumCohort")]
    [InlineData("- a", "line 1", "field: value")]
    [InlineData("a: [", "line 2", "policy.yaml")]
    public void A_mistake_is_named_with_its_line(string text, string line, string what)
    {
        var e = Assert.Throws<FederationException>(() => PolicyFile.Parse(text, "policy.yaml"));
        Assert.Equal(ErrorCatalogue.PolicyInvalid, e.Code);
        Assert.Contains(line, e.Message, StringComparison.Ordinal);
        Assert.Contains(what, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("08:00-17:00", "08:00", true)]
    [InlineData("08:00-17:00", "16:59", true)]
    [InlineData("08:00-17:00", "17:00", false)]
    [InlineData("19:00-07:00", "23:30", true)]
    [InlineData("19:00-07:00", "06:59", true)]
    [InlineData("19:00-07:00", "12:00", false)]
    public void A_window_may_pass_midnight(string window, string now, bool allowed) =>
        Assert.Equal(allowed, TrainingHours.Allow([window], TimeOnly.Parse(now, System.Globalization.CultureInfo.InvariantCulture)));

    [Fact]
    public void No_window_means_always() => Assert.True(TrainingHours.Allow([], new TimeOnly(3, 0)));
}
