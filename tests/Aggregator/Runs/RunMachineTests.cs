using BrainMVP.Federated.Aggregator.Rounds;
using BrainMVP.Federated.Aggregator.Runs;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
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
    public void Only_a_draft_is_started()
    {
        var started = RunMachine.Start(Approved() with { Phase = RunPhase.Draft }, Late);
        Assert.Equal((RunPhase.AwaitingApprovals, Late), (started.Phase, started.Deadline));
        Assert.Equal(ErrorCatalogue.RunStateConflict, Assert.Throws<FederationException>(() => RunMachine.Start(Approved(), Late)).Code);
    }

    [Theory]
    [InlineData(RunPhase.Running)]
    [InlineData(RunPhase.Evaluating)]
    public void Rolling_back_forgets_what_was_committed_after_the_round_and_opens_later_ones_with_a_new_attempt(RunPhase phase)
    {
        var back = RunMachine.RollBack(Committed(3) with { Phase = phase, Evaluations = One("a", "e") }, Document(rollback: 2), 2);
        Assert.Equal((RunPhase.Running, 2, 3, "model-2", "t-2"), (back.Phase, back.Round, back.Attempt, back.Model, back.Templates["t1"]));
        Assert.Equal([1, 2], back.Commits.Select(c => c.Round));
        Assert.Empty(back.Evaluations);
    }

    [Fact]
    public void Rolling_back_to_the_beginning_starts_from_the_initial_model()
    {
        var back = RunMachine.RollBack(Committed(2), Document(rollback: 2), 0);
        Assert.Equal(("initial", 0), (back.Model, back.Round));
        Assert.Empty(back.Templates);
    }

    [Theory]
    [InlineData(RunPhase.Running, 0, "3 commits ago")]
    [InlineData(RunPhase.Running, 4, "not committed")]
    [InlineData(RunPhase.Running, -1, "not committed")]
    [InlineData(RunPhase.Completed, 2, "run clone")]
    [InlineData(RunPhase.AwaitingApprovals, 0, "in progress")]
    public void A_round_too_long_ago_or_not_committed_is_refused(RunPhase phase, int round, string reason)
    {
        var refusal = Assert.Throws<FederationException>(() => RunMachine.RollBack(Committed(3) with { Phase = phase }, Document(rollback: 2), round));
        Assert.Equal(ErrorCatalogue.RunStateConflict, refusal.Code);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_an_attempt_that_was_rolled_back_left_is_not_the_runs_own()
    {
        var round = new RoundState { Phase = RoundPhase.Committed, Run = "pilot", Round = 3, Attempt = 2, Open = "o", Invited = ["a"] };
        Assert.Null((Committed(2) with { Attempt = 3 }).Own(round));
        Assert.Same(round, (Committed(2) with { Attempt = 2 }).Own(round));
        Assert.Null(Committed(2).Own(null));
    }

    [Fact]
    public void A_round_that_was_abandoned_while_its_run_goes_on_pauses_the_run_and_resuming_opens_it_again()
    {
        var run = Committed(2) with { Round = 3 };
        var round = new RoundState { Phase = RoundPhase.Abandoned, Run = "pilot", Round = 3, Attempt = 2, Open = "o", Invited = ["a"] };
        Assert.True(RunMachine.IsLeftBehind(run, round));
        var paused = RunMachine.PauseLeftBehind(run);
        Assert.True(paused.Paused);
        Assert.StartsWith("BMF-1309", paused.Reason, StringComparison.Ordinal);
        var resumed = RunMachine.Resume(paused, round);
        Assert.Equal((3, 3, false, ""), (resumed.Round, resumed.Attempt, resumed.Paused, resumed.Reason));
        Assert.Null(resumed.Own(round));

        Assert.False(RunMachine.IsLeftBehind(run, round with { Phase = RoundPhase.Training }));
        Assert.False(RunMachine.IsLeftBehind(run, round with { Attempt = 1 }));
        Assert.False(RunMachine.IsLeftBehind(run with { Phase = RunPhase.Aborted }, round));
        Assert.Equal(2, RunMachine.Resume(paused, round with { Phase = RoundPhase.Training }).Attempt);
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

    [Fact]
    public void Models_are_compared_by_those_who_evaluated_and_by_nobody_else()
    {
        var state = Approved("a", "b", "c") with { Phase = RunPhase.Comparing, Evaluations = new Dictionary<string, string> { ["a"] = "x", ["b"] = "y" } };
        Assert.Equal(["a", "b"], RunMachine.Awaited(state));
        Assert.Equal(RunStep.Wait, RunMachine.DecideEvaluation(state with { Comparisons = One("a", "m") }, Start, _ => false).Step);
        Assert.Equal(RunStep.Complete, RunMachine.DecideEvaluation(state with { Comparisons = One("a", "m") }, Start, s => s == "b").Step);
        Assert.Equal(RunStep.Complete, RunMachine.DecideEvaluation(state with { Comparisons = One("a", "m") }, Late, _ => false).Step);
        Assert.Equal(RunStep.Complete, RunMachine.DecideEvaluation(state with { Comparisons = new Dictionary<string, string> { ["a"] = "m", ["b"] = "n" } }, Start, _ => false).Step);
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

    private static RunState Committed(int rounds) => Approved("a", "b") with
    {
        Phase = RunPhase.Running,
        Round = rounds,
        Attempt = 2,
        Model = $"model-{rounds}",
        Commits = [.. Enumerable.Range(1, rounds).Select(r => new CommitEntry(r, 1, $"commit-{r}", $"model-{r}", One("t1", $"t-{r}")))],
    };

    private static RunDocument Document(int rollback) => new()
    {
        Consortium = "testnet",
        Run = "pilot",
        PlanHash = "plan",
        Plan = new Plan { Rounds = new RoundsPlan { Count = 5, Rollback = rollback } },
        InitialModel = "initial",
        LayoutHash = "layout",
        Sites = ["a", "b", "c"],
    };
}
