using BrainMVP.Federated.Aggregator.Rounds;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Aggregator.Tests.Rounds;

public sealed class RoundMachineTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Late = Start.AddHours(2);
    private static readonly QuorumPlan Two = new() { MinimumSites = 2 };

    private static RoundState Opened => new()
    {
        Phase = RoundPhase.Training,
        Run = "run",
        Round = 1,
        Attempt = 1,
        Open = "open",
        Invited = ["a", "b", "c"],
        Deadline = Start.AddHours(1),
    };

    private static RoundState Uploading => RoundMachine.PublishRoster(Reported("a", "b", "c"), "roster", ["a", "b", "c"], Start, Start.AddHours(1));

    [Fact]
    public void A_round_waits_for_everyone_before_its_deadline()
    {
        Assert.Equal(RoundStep.Wait, Decide(Opened));
        Assert.Equal(RoundStep.Wait, Decide(Reported("a", "b")));
    }

    [Fact]
    public void It_closes_at_once_when_everyone_reported() => Assert.Equal(RoundStep.CloseReports, Decide(Reported("a", "b", "c")));

    [Fact]
    public void It_closes_with_its_quorum_at_the_deadline()
    {
        Assert.Equal(RoundStep.CloseReports, Decide(Reported("a", "b"), now: Late));
        Assert.Equal(RoundStep.CloseReports, Decide(Reported("a", "b"), now: Start.AddHours(1)));
        Assert.Equal(RoundStep.Wait, Decide(Reported("a", "b"), now: Start.AddHours(1).AddTicks(-1)));
    }

    [Fact]
    public void It_does_not_wait_for_silent_sites_once_the_quorum_is_there()
    {
        Assert.Equal(RoundStep.CloseReports, Decide(Reported("a", "b"), silent: ["c"]));
        Assert.Equal(RoundStep.Wait, Decide(Reported("a"), silent: ["c"]));
    }

    [Fact]
    public void A_buffered_round_closes_its_reports_with_enough_of_them_and_its_quorum()
    {
        var buffered = Two with { Buffered = 2 };
        Assert.Equal(RoundStep.Wait, RoundMachine.Decide(Reported("a"), buffered, Start, _ => false).Step);
        Assert.Equal(RoundStep.CloseReports, RoundMachine.Decide(Reported("a", "b"), buffered, Start, _ => false).Step);
        Assert.Equal(RoundStep.Wait, RoundMachine.Decide(Reported("a", "b"), buffered with { Required = ["c"] }, Start, _ => false).Step);
        Assert.Equal(RoundStep.Wait, RoundMachine.Decide(Reported("a", "b"), buffered with { Buffered = 3 }, Start, _ => false).Step);
    }

    [Fact]
    public void It_is_buffered_only_until_the_roster() =>
        Assert.Equal(RoundStep.Wait, RoundMachine.Decide(Uploading with { Uploads = new Dictionary<string, UploadEntry> { ["a"] = new("m", 1, true, Start), ["b"] = new("m", 1, true, Start) } }, Two with { Buffered = 2 }, Start, _ => false).Step);

    [Fact]
    public void It_does_not_wait_for_sites_that_left() =>
        Assert.Equal(RoundStep.CloseReports, Decide(RoundMachine.Drop(Reported("a", "b"), "c", "declined")));

    [Fact]
    public void Under_quorum_it_pauses_with_a_reason_that_can_be_acted_on()
    {
        var decision = RoundMachine.Decide(Reported("a"), Two, Late, _ => false);
        Assert.Equal(RoundStep.Pause, decision.Step);
        Assert.StartsWith("BMF-1307", decision.Reason, StringComparison.Ordinal);
        Assert.Contains("1 of at least 2 sites", decision.Reason, StringComparison.Ordinal);
        Assert.Contains("b, c", decision.Reason, StringComparison.Ordinal);
        Assert.Contains("extend", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_with_too_few_sites_is_a_missing_quorum_where_the_plan_says_so()
    {
        var quorum = Two with { MinimumSitesPerModality = 2 };
        var state = Reported("a", "b", "c") with { Shared = ["flair", "t1"] };
        var modalities = new Dictionary<string, string[]> { ["a"] = ["flair", "t1"], ["b"] = ["t1"], ["c"] = ["t1"] };
        state = state with { Reports = state.Reports.ToDictionary(r => r.Key, r => r.Value with { Modalities = modalities[r.Key] }) };
        Assert.Equal("1 of at least 2 sites with flair are there", RoundMachine.MissingQuorum(state, quorum, ["a", "b", "c"]));
        Assert.Null(RoundMachine.MissingQuorum(state with { Shared = ["t1"] }, quorum, ["a", "b"]));
        Assert.Contains("with t1", RoundMachine.MissingQuorum(state with { Shared = ["t1"], Dropouts = new Dictionary<string, string> { ["c"] = "x" } }, quorum with { MinimumSitesPerModality = 3 }, ["a", "b"]), StringComparison.Ordinal);
        Assert.Null(RoundMachine.MissingQuorum(state, Two, ["a", "b"]));
    }

    [Fact]
    public void A_paused_round_is_paused_once_and_goes_on_when_the_quorum_is_there()
    {
        var paused = Reported("a") with { PauseReason = "BMF-1307: too few" };
        Assert.Equal(RoundStep.Wait, Decide(paused, now: Late));
        Assert.Equal(RoundStep.CloseReports, Decide(RoundMachine.Report(paused, "b", Entry("b")), now: Late));
    }

    [Fact]
    public void A_longer_deadline_or_a_site_that_comes_back_ends_the_pause()
    {
        var paused = Reported("a") with { PauseReason = "BMF-1307: too few" };
        Assert.Equal(RoundStep.Resume, Decide(paused with { Deadline = Late.AddHours(1) }, now: Late));
        Assert.Equal(RoundStep.Wait, Decide(paused, silent: ["b", "c"]));
        Assert.Equal(RoundStep.Resume, Decide(paused, silent: ["b"]));
    }

    [Fact]
    public void A_pause_for_another_reason_ends_by_a_person_only()
    {
        var paused = Reported("a", "b", "c") with { PauseReason = "BMF-1403: The disk is full." };
        Assert.Equal(RoundStep.Wait, Decide(paused, now: Late));
        Assert.Equal(RoundStep.Wait, Decide(paused with { Phase = RoundPhase.Summing }));
        Assert.Equal(RoundStep.CloseReports, Decide(paused with { PauseReason = "" }));
    }

    [Fact]
    public void A_required_site_is_waited_for_and_named()
    {
        var quorum = Two with { Required = ["c"] };
        var decision = RoundMachine.Decide(Reported("a", "b"), quorum, Late, _ => false);
        Assert.Equal(RoundStep.Pause, decision.Step);
        Assert.Contains("required site c is missing", decision.Reason, StringComparison.Ordinal);
        Assert.Equal(RoundStep.CloseReports, RoundMachine.Decide(Reported("a", "c"), quorum, Late, _ => false).Step);
    }

    [Fact]
    public void A_required_site_that_left_is_still_required() =>
        Assert.Equal(RoundStep.Pause, RoundMachine.Decide(RoundMachine.Drop(Reported("a", "b"), "c", "declined"), Two with { Required = ["c"] }, Start, _ => false).Step);

    [Fact]
    public void Cases_are_counted_over_those_who_are_there()
    {
        var quorum = Two with { MinimumCases = 25 };
        Assert.Contains("20 of at least 25 cases", RoundMachine.Decide(Reported("a", "b"), quorum, Late, _ => false).Reason, StringComparison.Ordinal);
        Assert.Equal(RoundStep.CloseReports, RoundMachine.Decide(Reported("a", "b", "c"), quorum, Late, _ => false).Step);
    }

    [Fact]
    public void An_administrator_closes_with_what_is_there_but_never_with_nothing()
    {
        Assert.Equal(RoundStep.CloseReports, Decide(Reported("a") with { CloseNow = true }));
        Assert.NotEqual(RoundStep.CloseReports, Decide(Opened with { CloseNow = true }));
        Assert.NotEqual(RoundStep.CloseReports, Decide(Opened with { CloseNow = true }, now: Late));
    }

    [Fact]
    public void Closing_one_step_does_not_close_the_next()
    {
        var next = RoundMachine.PublishRoster(Reported("a") with { CloseNow = true, PauseReason = "BMF-1307: x" }, "roster", ["a"], Start, Late);
        Assert.Equal((RoundPhase.Uploading, false, ""), (next.Phase, next.CloseNow, next.PauseReason));
        Assert.Equal(RoundStep.Wait, Decide(next));
    }

    [Fact]
    public void A_round_without_invited_sites_pauses() => Assert.Equal(RoundStep.Pause, Decide(Opened with { Invited = [] }));

    [Fact]
    public void The_same_report_again_changes_nothing_in_any_phase()
    {
        var state = Reported("a");
        Assert.Same(state, RoundMachine.Report(state, "a", Entry("a") with { At = Late }));
        var later = Uploading;
        Assert.Same(later, RoundMachine.Report(later, "a", Entry("a")));
    }

    [Fact]
    public void A_second_different_report_is_refused() =>
        Fails.With(ErrorCatalogue.DigestConflict, () => RoundMachine.Report(Reported("a"), "a", Entry("a") with { Document = "other" }));

    [Fact]
    public void Reports_of_strangers_latecomers_and_those_left_out_are_refused()
    {
        Fails.With(ErrorCatalogue.RoundClosed, () => RoundMachine.Report(Opened, "z", Entry("z")));
        Fails.With(ErrorCatalogue.RoundClosed, () => RoundMachine.Report(RoundMachine.Drop(Opened, "a", "gone"), "a", Entry("a")));
        var uploading = RoundMachine.PublishRoster(Reported("a", "b"), "roster", ["a", "b"], Start, Late);
        Fails.With(ErrorCatalogue.RoundClosed, () => RoundMachine.Report(uploading, "c", Entry("c")));
    }

    [Fact]
    public void The_roster_leaves_out_who_did_not_report_with_a_reason()
    {
        var state = RoundMachine.PublishRoster(Reported("a", "b"), "roster", ["a", "b"], Start, Late);
        Assert.Equal(["c"], state.Dropouts.Keys);
        Assert.Equal("no report before the roster", state.Dropouts["c"]);
        Assert.Equal((Late, "roster"), (state.Deadline, state.Roster));
        Assert.Equal(Start, state.Times["roster"]);
    }

    [Fact]
    public void Uploads_are_announced_once_and_completed_once()
    {
        var announced = RoundMachine.BeginUpload(Uploading, "a", Upload("m"));
        Assert.Same(announced, RoundMachine.BeginUpload(announced, "a", Upload("m")));
        Fails.With(ErrorCatalogue.DigestConflict, () => RoundMachine.BeginUpload(announced, "a", Upload("other")));
        Fails.With(ErrorCatalogue.ContextMismatch, () => RoundMachine.CompleteUpload(announced, "a", "other", Start));
        Fails.With(ErrorCatalogue.ContextMismatch, () => RoundMachine.CompleteUpload(announced, "b", "m", Start));
        var complete = RoundMachine.CompleteUpload(announced, "a", "m", Late);
        Assert.True(complete.Uploads["a"].Complete);
        Assert.Same(complete, RoundMachine.CompleteUpload(complete, "a", "m", Start));
    }

    [Fact]
    public void Uploads_outside_their_phase_or_roster_are_refused()
    {
        Fails.With(ErrorCatalogue.RoundClosed, () => RoundMachine.BeginUpload(Opened, "a", Upload("m")));
        var without = RoundMachine.PublishRoster(Reported("a", "b"), "roster", ["a", "b"], Start, Late);
        Fails.With(ErrorCatalogue.RoundClosed, () => RoundMachine.BeginUpload(without, "c", Upload("m")));
        var announced = RoundMachine.BeginUpload(Uploading, "a", Upload("m"));
        Fails.With(ErrorCatalogue.RoundClosed, () => RoundMachine.CompleteUpload(announced with { Phase = RoundPhase.Summing }, "a", "m", Start));
        Fails.With(ErrorCatalogue.RoundClosed, () => RoundMachine.CompleteUpload(RoundMachine.Drop(announced, "a", "late"), "a", "m", Start));
    }

    [Fact]
    public void Uploads_close_like_reports_do()
    {
        Assert.Equal(RoundStep.Wait, Decide(Uploading));
        Assert.Equal(RoundStep.Wait, Decide(Delivered("a", "b")));
        Assert.Equal(RoundStep.CloseUploads, Decide(Delivered("a", "b", "c")));
        Assert.Equal(RoundStep.CloseUploads, Decide(Delivered("a", "b"), now: Late));
        Assert.Equal(RoundStep.CloseUploads, Decide(Delivered("a", "b"), silent: ["c"]));
        Assert.Equal(RoundStep.Pause, Decide(Delivered("a"), now: Late));
        Assert.Equal(RoundStep.CloseUploads, Decide(Delivered("a") with { CloseNow = true }));
        Assert.Equal(RoundStep.Wait, Decide(RoundMachine.BeginUpload(Delivered("a", "b"), "c", Upload("half"))));
    }

    [Fact]
    public void A_delivered_update_of_a_dropped_site_is_not_summed()
    {
        var state = RoundMachine.StartSumming(RoundMachine.Drop(Delivered("a", "b", "c"), "b", "rejected"), 4, Start);
        Assert.Equal(["a", "c"], state.Arrived);
        Assert.Equal("rejected", state.Dropouts["b"]);
        Assert.Equal((RoundPhase.Summing, 4), (state.Phase, state.Shards));
        Assert.Equal(RoundStep.Sum, Decide(state));
    }

    [Fact]
    public void Half_an_update_is_no_update()
    {
        var state = RoundMachine.StartSumming(RoundMachine.BeginUpload(Delivered("a", "b"), "c", Upload("half")), 1, Start);
        Assert.Equal(["a", "b"], state.Arrived);
        Assert.Equal("no complete update before the deadline", state.Dropouts["c"]);
    }

    [Fact]
    public void The_first_reason_stays_and_nobody_leaves_once_summing_began()
    {
        var dropped = RoundMachine.Drop(Opened, "a", "first");
        Assert.Same(dropped, RoundMachine.Drop(dropped, "a", "second"));
        Assert.Same(dropped, RoundMachine.Drop(dropped, "stranger", "x"));
        var summing = RoundMachine.StartSumming(Delivered("a", "b", "c"), 1, Start);
        Assert.Same(summing, RoundMachine.Drop(summing, "a", "too late"));
    }

    [Theory]
    [InlineData(RoundPhase.None)]
    [InlineData(RoundPhase.Committed)]
    [InlineData(RoundPhase.Abandoned)]
    public void A_final_round_does_nothing(RoundPhase phase) => Assert.Equal(RoundStep.Wait, Decide(Reported("a", "b", "c") with { Phase = phase }, now: Late));

    [Fact]
    public void A_commit_is_final()
    {
        var state = RoundMachine.Commit(RoundMachine.StartSumming(Delivered("a", "b", "c"), 1, Start), "commit", "model", new Dictionary<string, string> { ["t1"] = "x" }, Late);
        Assert.True(state.IsFinal);
        Assert.Equal(("commit", "model", Late), (state.Commit, state.Model, state.Times["committed"]));
    }

    [Fact]
    public void A_round_that_waited_for_room_gives_its_sites_the_time_back_and_goes_on_by_itself()
    {
        var waiting = RoundMachine.AwaitRoom(Uploading, 1000, "BMF-1403: full", Start.AddMinutes(50));
        Assert.Equal(RoundStep.Wait, Decide(waiting, Late));
        Assert.Same(waiting, RoundMachine.AwaitRoom(waiting, 5, "BMF-1403: still full", Late));
        var on = RoundMachine.EndAwaitingRoom(waiting, Start.AddMinutes(80));
        Assert.Equal("", on.PauseReason);
        Assert.Null(on.RoomAwaitedSince);
        Assert.Equal(Start.AddMinutes(90), on.Deadline);
        Assert.Same(on, RoundMachine.EndAwaitingRoom(on, Late));
    }

    [Fact]
    public void A_round_that_is_over_waits_for_no_room()
    {
        var committed = RoundMachine.Commit(Uploading, "commit", "model", new Dictionary<string, string>(), Late);
        Assert.Same(committed, RoundMachine.AwaitRoom(committed, 1, "BMF-1403: full", Late));
    }

    private static RoundState Reported(params string[] sites) => sites.Aggregate(Opened, (state, site) => RoundMachine.Report(state, site, Entry(site)));

    private static RoundState Delivered(params string[] sites) =>
        sites.Aggregate(Uploading, (state, site) => RoundMachine.CompleteUpload(RoundMachine.BeginUpload(state, site, Upload(site)), site, site, Start));

    private static ReportEntry Entry(string site) => new($"report-{site}", 10, 10, 1, Start);

    private static UploadEntry Upload(string manifest) => new(manifest, 100, false, Start);

    private static RoundStep Decide(RoundState state, DateTimeOffset? now = null, string[]? silent = null) =>
        RoundMachine.Decide(state, Two, now ?? Start, s => silent?.Contains(s) ?? false).Step;
}
