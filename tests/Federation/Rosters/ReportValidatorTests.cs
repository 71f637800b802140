using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Federation.Rosters;

namespace BrainMVP.Federated.Federation.Tests.Rosters;

public sealed class ReportValidatorTests : IDisposable
{
    private readonly TinyFederation _federation = new(21, 3);

    public void Dispose() => _federation.Dispose();

    [Fact]
    public void Honest_reports_pass()
    {
        for (ulong seed = 0; seed < 40; seed++)
        {
            using var federation = new TinyFederation(seed, 4);
            Assert.All(federation.Reports, r => Assert.Null(ReportValidator.FindViolation(r, federation.Open, federation.Layout, federation.Plan)));
        }
    }

    [Fact]
    public void A_report_of_another_round_is_refused() => Refused(r => r with { OpenContext = new string('f', 64) }, "another round");

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1001)]
    [InlineData(int.MaxValue)]
    public void Steps_outside_the_plan_are_refused(int steps) => Refused(r => r with { Steps = steps }, "optimiser steps");

    [Fact]
    public void More_draws_than_steps_allow_are_refused()
    {
        Refused(r => r with { Steps = 10, TargetDraws = r.TargetDraws.ToDictionary(d => d.Key, _ => 31L) }, "target draws");
        Refused(r => r with { TargetDraws = r.TargetDraws.ToDictionary(d => d.Key, _ => -1L) }, "target draws");
    }

    [Fact]
    public void A_plan_with_every_modality_as_target_allows_that_many_draws_of_each()
    {
        var all = _federation.Plan with { Training = _federation.Plan.Training with { Targets = "all" } };
        var report = _federation.Reports.First(r => r.TargetDraws.Count > 1);
        var most = 10L * all.Training.BatchSize * all.Training.Accumulation;
        UpdateReport With(long draws) => report with { Steps = 10, TargetDraws = report.TargetDraws.ToDictionary(d => d.Key, _ => draws) };
        Assert.Null(ReportValidator.FindViolation(With(most), _federation.Open, _federation.Layout, all));
        Assert.Contains("target draws", ReportValidator.FindViolation(With(most + 1), _federation.Open, _federation.Layout, all), StringComparison.Ordinal);
        Assert.Contains("target draws", ReportValidator.FindViolation(With(most), _federation.Open, _federation.Layout, _federation.Plan), StringComparison.Ordinal);
    }

    [Fact]
    public void Draws_whose_sum_overflows_are_refused_not_thrown() =>
        Refused(r => r with { TargetDraws = new Dictionary<string, long> { ["t1"] = long.MaxValue, ["t2"] = long.MaxValue } }, "target draws");

    [Fact]
    public void Draws_of_a_modality_the_site_does_not_share_are_refused()
    {
        Refused(r => r with { Steps = 1000, TargetDraws = new Dictionary<string, long> { ["mra"] = 1 } }, "mra");
        var report = Owner("t1");
        var open = _federation.Open with { SharedModalities = ["t2", "dwi"] };
        Assert.Contains("t1", ReportValidator.FindViolation(report with { OpenContext = RoundContexts.Open(open.Context) }, open, _federation.Layout, _federation.Plan), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, true, null)]
    [InlineData(2, true, null)]
    [InlineData(3, true, "3 rounds old")]
    [InlineData(-1, true, "rounds old")]
    [InlineData(1, false, "must name the round")]
    [InlineData(0, true, "0 rounds old")]
    public void Late_work_is_accepted_up_to_the_age_that_the_plan_allows(int age, bool named, string? violation)
    {
        var open = _federation.Open with { Context = _federation.Open.Context with { Round = 9 } };
        var plan = _federation.Plan with { Quorum = new QuorumPlan { LatePolicy = LatePolicies.Carry, MaximumAge = 2 } };
        var report = _federation.Reports[0] with { OpenContext = RoundContexts.Open(open.Context), Age = age, BaseContext = named ? "base" : null, Validation = new Dictionary<string, ValidationSum>() };
        var found = ReportValidator.FindViolation(report, open, _federation.Layout, plan);
        if (violation is null)
        {
            Assert.Null(found);
            Assert.Contains("discards", ReportValidator.FindViolation(report, open, _federation.Layout, _federation.Plan), StringComparison.Ordinal);
            Assert.Contains("rounds old", ReportValidator.FindViolation(report with { OpenContext = RoundContexts.Open(open.Context with { Round = age }) }, open with { Context = open.Context with { Round = age } }, _federation.Layout, plan), StringComparison.Ordinal);
        }
        else
        {
            Assert.Contains(violation, found, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Late_work_validates_no_model_of_this_round()
    {
        var open = _federation.Open with { Context = _federation.Open.Context with { Round = 9 } };
        var plan = _federation.Plan with { Quorum = new QuorumPlan { LatePolicy = LatePolicies.Carry } };
        var report = _federation.Reports[0] with { OpenContext = RoundContexts.Open(open.Context), Age = 1, BaseContext = "base", Validation = new Dictionary<string, ValidationSum> { ["t1"] = ValidationSum.Zero } };
        Assert.Contains("another model", ReportValidator.FindViolation(report, open, _federation.Layout, plan), StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_without_cases_is_refused() => Refused(r => r with { Cases = 0 }, "no case");

    [Fact]
    public void Exponents_must_name_exactly_the_tensors_of_the_site()
    {
        Refused(r => r with { Exponents = [.. r.Exponents.Skip(1)] }, "do not name");
        Refused(r => r with { Exponents = [.. r.Exponents.Reverse()] }, "do not name");
        Refused(r => r with { Exponents = [.. r.Exponents, r.Exponents[^1]] }, "do not name");
        Refused(r => r with { Exponents = [] }, "do not name");
    }

    [Fact]
    public void Exponents_above_the_plan_are_refused() =>
        Refused(r => r with { Exponents = [r.Exponents[0] with { Exponent = 21 }, .. r.Exponents.Skip(1)] }, "exponent 21");

    [Theory]
    [InlineData(-150)]
    [InlineData(-1030)]
    [InlineData(int.MinValue)]
    public void Exponents_below_any_difference_of_floats_are_refused(int exponent) =>
        Refused(r => r with { Exponents = [r.Exponents[0] with { Exponent = exponent }, .. r.Exponents.Skip(1)] }, "smaller than any");

    [Fact]
    public void The_smallest_difference_of_floats_is_allowed()
    {
        var report = _federation.Reports[0];
        report = report with { Exponents = [report.Exponents[0] with { Exponent = -149 }, .. report.Exponents.Skip(1)] };
        Assert.Null(ReportValidator.FindViolation(report, _federation.Open, _federation.Layout, _federation.Plan));
    }

    [Fact]
    public void Numbers_that_are_not_finite_are_refused()
    {
        var bad = new Dictionary<string, double> { ["x"] = double.NaN };
        Refused(r => r with { Norms = bad }, "not finite");
        Refused(r => r with { Losses = bad }, "not finite");
        Refused(r => r with { Timings = new Dictionary<string, double> { ["x"] = double.PositiveInfinity } }, "not finite");
    }

    [Fact]
    public void Validation_is_checked() => Refused(r => r with { Validation = new Dictionary<string, ValidationSum> { ["t1"] = ValidationSum.Zero } }, "cannot be");

    private UpdateReport Owner(string modality) => _federation.Reports.First(r => r.TargetDraws.ContainsKey(modality));

    private void Refused(Func<UpdateReport, UpdateReport> change, string part)
    {
        var report = _federation.Reports.First(r => r.TargetDraws.Count > 0);
        Assert.Null(ReportValidator.FindViolation(report, _federation.Open, _federation.Layout, _federation.Plan));
        Assert.Contains(part, ReportValidator.FindViolation(change(report), _federation.Open, _federation.Layout, _federation.Plan) ?? "no violation", StringComparison.Ordinal);
    }
}
