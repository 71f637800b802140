using BrainMVP.Federated.Aggregator.Rounds;
using BrainMVP.Federated.Aggregator.Runs;

namespace BrainMVP.Federated.Aggregator.Tests.Runs;

public sealed class RunAssignmentsTests
{
    private static readonly RoundState Training = new()
    {
        Phase = RoundPhase.Training,
        Run = "pilot",
        Round = 2,
        Attempt = 1,
        Open = "open",
        Invited = ["a", "b"],
        Participants = ["a", "b"],
    };

    private static RunState Running => RunMachineTests.Approved("a", "b") with
    {
        Phase = RunPhase.Running,
        Round = 2,
        Attempt = 1,
        Commits = [new CommitEntry(1, 1, "commit", "model", new Dictionary<string, string>())],
    };

    [Fact]
    public void A_stranger_has_nothing_to_do() => Assert.Empty(Due("stranger", Running, Training));

    [Fact]
    public void Nobody_hears_of_a_draft() => Assert.Empty(Due("a", RunMachineTests.Approved() with { Phase = RunPhase.Draft }, null));

    [Fact]
    public void An_invited_site_is_asked_for_approval_until_it_answers()
    {
        Assert.Equal(["pilot/approve"], Due("a", RunMachineTests.Approved(), null));
        Assert.Empty(Due("a", RunMachineTests.Approved("a"), null));
        Assert.Empty(Due("a", RunMachineTests.Approved() with { Refusals = RunMachineTests.One("a", "no") }, null));
        Assert.Equal(["pilot/approve"], Due("c", Running, Training));
    }

    [Fact]
    public void Who_evaluated_compares_until_its_scores_are_there()
    {
        var comparing = Running with { Phase = RunPhase.Comparing, Evaluations = RunMachineTests.One("a", "document") };
        Assert.Equal(["pilot/1/1/commit", "pilot/1/compare"], Due("a", comparing, null));
        Assert.Equal(["pilot/1/1/commit"], Due("b", comparing, null));
        Assert.Equal(["pilot/1/1/commit"], Due("a", comparing with { Comparisons = RunMachineTests.One("a", "scores") }, null));
    }

    [Fact]
    public void A_member_trains_until_it_reported()
    {
        Assert.Equal(["pilot/1/1/commit", "pilot/2/1/train"], Due("a", Running, Training));
        var reported = Training with { Reports = new Dictionary<string, ReportEntry> { ["a"] = new("r", 1, 1, 1, default) } };
        Assert.Equal(["pilot/1/1/commit"], Due("a", Running, reported));
        Assert.Equal(["pilot/1/1/commit"], Due("a", Running, Training with { Invited = ["b"] }));
        Assert.Equal(["pilot/1/1/commit"], Due("a", Running, Training with { Dropouts = RunMachineTests.One("a", "declined") }));
    }

    [Fact]
    public void A_participant_uploads_until_its_update_is_complete()
    {
        var uploading = Training with { Phase = RoundPhase.Uploading };
        Assert.Equal(["pilot/1/1/commit", "pilot/2/1/upload"], Due("a", Running, uploading));
        Assert.Equal(["pilot/1/1/commit", "pilot/2/1/upload"], Due("a", Running, uploading with { Uploads = Upload(complete: false) }));
        Assert.Equal(["pilot/1/1/commit"], Due("a", Running, uploading with { Uploads = Upload(complete: true) }));
        Assert.Equal(["pilot/1/1/commit"], Due("a", Running, uploading with { Participants = ["b"] }));
    }

    [Fact]
    public void A_site_that_missed_the_roster_goes_on_where_late_work_is_carried()
    {
        var uploading = Training with { Phase = RoundPhase.Uploading, Participants = ["b"], Dropouts = RunMachineTests.One("a", RoundMachine.NoReport) };
        Assert.Equal(["pilot/1/1/commit"], Due("a", Running, uploading));
        Assert.Equal(["pilot/1/1/commit", "pilot/2/1/train"], RunAssignments.For("a", "pilot", Running, uploading, carries: true).Select(w => w.Id));
        var declined = uploading with { Dropouts = RunMachineTests.One("a", "BMF-1501: crashed") };
        Assert.Equal(["pilot/1/1/commit"], RunAssignments.For("a", "pilot", Running, declined, carries: true).Select(w => w.Id));
        Assert.Equal(["pilot/1/1/commit"], RunAssignments.For("a", "pilot", Running, uploading with { Phase = RoundPhase.Committed }, carries: true).Select(w => w.Id));
    }

    [Fact]
    public void A_dropped_site_has_nothing_to_do_until_it_is_readmitted() =>
        Assert.Empty(Due("a", Running with { Dropped = RunMachineTests.One("a", "left") }, Training));

    [Fact]
    public void The_final_model_is_evaluated_once()
    {
        var evaluating = Running with { Phase = RunPhase.Evaluating };
        Assert.Equal(["pilot/1/1/commit", "pilot/1/evaluate"], Due("a", evaluating, null));
        Assert.Equal(["pilot/1/1/commit"], Due("a", evaluating with { Evaluations = RunMachineTests.One("a", "e") }, null));
    }

    [Theory]
    [InlineData(RunPhase.Completed)]
    [InlineData(RunPhase.Aborted)]
    public void A_finished_run_is_said_to_everyone_and_its_last_commit_to_members(RunPhase phase)
    {
        Assert.Equal(["pilot/1/1/commit", "pilot/finished"], Due("a", Running with { Phase = phase }, null));
        Assert.Equal(["pilot/finished"], Due("c", Running with { Phase = phase }, null));
    }

    [Theory]
    [InlineData(RoundPhase.Committed)]
    [InlineData(RoundPhase.Abandoned)]
    [InlineData(RoundPhase.Summing)]
    public void A_closed_round_asks_for_nothing(RoundPhase phase) => Assert.Equal(["pilot/1/1/commit"], Due("a", Running, Training with { Phase = phase }));

    private static Dictionary<string, UploadEntry> Upload(bool complete) => new() { ["a"] = new("m", 4, complete, default) };

    private static string[] Due(string site, RunState run, RoundState? round) => [.. RunAssignments.For(site, "pilot", run, round).Select(w => w.Id)];
}
