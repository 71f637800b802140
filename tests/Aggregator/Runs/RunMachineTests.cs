using BrainMVP.Federated.Aggregator.Runs;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Aggregator.Tests.Runs;

public sealed class RunMachineTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Late = Start.AddHours(2);
    private static readonly QuorumPlan Two = new() { MinimumSites = 2 };

    [Fact]
    public void A_run_waits_for_every_answer_before_the_deadline()
    {
        Assert.Equal(RunStep.Wait, Decide(Approved()));
        Assert.Equal(RunStep.Wait, Decide(Approved("a", "b")));
        Assert.Equal(RunStep.Start, Decide(Approved("a", "b", "c")));
    }

    [Fact]
    public void It_starts_with_its_quorum_at_the_deadline() => Assert.Equal(RunStep.Start, Decide(Approved("a", "b"), Late));

    [Fact]
    public void Refusals_and_dropped_sites_are_answers()
    {
        Assert.Equal(RunStep.Start, Decide(Approved("a", "b") with { Refusals = One("c", "policy") }));
        Assert.Equal(RunStep.Start, Decide(Approved("a", "b") with { Dropped = One("c", "asked to leave") }));
    }

    [Fact]
    public void A_dropped_site_no_longer_counts()
    {
        var state = Approved("a", "b") with { Dropped = One("b", "asked to leave"), Refusals = One("c", "policy") };
        Assert.Equal(["a"], state.Members);
        Assert.Equal(RunStep.Pause, Decide(state));
    }

    [Fact]
    public void Too_few_approvals_pause_with_every_reason()
    {
        var decision = RunMachine.DecideApprovals(Approved("a") with { Refusals = One("b", "BMF-1302: cohort") }, Two with { Required = ["b"] }, Late);
        Assert.Equal(RunStep.Pause, decision.Step);
        Assert.Contains("BMF-1307", decision.Reason, StringComparison.Ordinal);
        Assert.Contains("1 of at least 2 sites", decision.Reason, StringComparison.Ordinal);
        Assert.Contains("required and missing: b", decision.Reason, StringComparison.Ordinal);
        Assert.Contains("no answer from c", decision.Reason, StringComparison.Ordinal);
        Assert.Contains("b refused: BMF-1302: cohort", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_paused_for_approvals_starts_when_they_come()
    {
        var paused = Approved("a") with { Paused = true, Reason = "BMF-1307: too few" };
        Assert.Equal(RunStep.Wait, Decide(paused, Late));
        Assert.Equal(RunStep.Start, Decide(Approved("a", "b") with { Paused = true, Reason = "BMF-1307: too few" }, Late));
    }

    [Fact]
    public void A_run_that_a_person_paused_does_not_start_by_itself()
    {
        var paused = Approved("a", "b", "c") with { Paused = true, Reason = "Paused by an administrator: audit" };
        Assert.Equal(RunStep.Wait, Decide(paused));
        Assert.Equal(RunStep.Wait, Decide(paused, Late));
        Assert.Equal(RunStep.Start, Decide(paused with { Paused = false, Reason = "" }));
    }

    [Fact]
    public void An_administrator_starts_with_what_is_there_but_never_with_nobody()
    {
        Assert.Equal(RunStep.Start, Decide(Approved("a") with { CloseNow = true }));
        Assert.Equal(RunStep.Pause, Decide(Approved() with { CloseNow = true }));
    }

    [Fact]
    public void Evaluation_ends_when_everyone_answered_is_silent_or_late()
    {
        var state = Approved("a", "b") with { Phase = RunPhase.Evaluating };
        Assert.Equal(RunStep.Wait, RunMachine.DecideEvaluation(state, Start, _ => false).Step);
        Assert.Equal(RunStep.Wait, RunMachine.DecideEvaluation(state, Start, s => s == "a").Step);
        Assert.Equal(RunStep.Complete, RunMachine.DecideEvaluation(state, Start, _ => true).Step);
        Assert.Equal(RunStep.Complete, RunMachine.DecideEvaluation(state, Late, _ => false).Step);
        Assert.Equal(RunStep.Complete, RunMachine.DecideEvaluation(state with { CloseNow = true }, Start, _ => false).Step);
        Assert.Equal(RunStep.Complete, RunMachine.DecideEvaluation(state with { Evaluations = new Dictionary<string, string> { ["a"] = "x", ["b"] = "y" } }, Start, _ => false).Step);
        Assert.Equal(RunStep.Complete, RunMachine.DecideEvaluation(state with { Evaluations = One("a", "x"), Dropped = One("b", "gone") }, Start, _ => false).Step);
    }

    internal static RunState Approved(params string[] sites) => new()
    {
        Phase = RunPhase.AwaitingApprovals,
        Document = "document",
        Sites = ["a", "b", "c"],
        Model = "model",
        Deadline = Start.AddHours(1),
        Approvals = sites.ToDictionary(s => s, s => new ApprovalEntry($"approval-{s}", "Dr. N.")),
    };

    internal static Dictionary<string, string> One(string key, string value) => new() { [key] = value };

    private static RunStep Decide(RunState state, DateTimeOffset? now = null) => RunMachine.DecideApprovals(state, Two, now ?? Start).Step;
}
