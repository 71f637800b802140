using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Rounds;
using Kind = BrainMVP.Federated.Contracts.V1.Assignment.Types.Kind;

namespace BrainMVP.Federated.SiteAgent.Tests.Rounds;

public sealed class AssignmentTrackerTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly AssignmentTracker _tracker = new();

    [Fact]
    public void Work_is_taken_in_the_order_of_the_list_and_one_at_a_time()
    {
        _tracker.Update([Due("commit"), Due("train")]);
        Assert.Equal("commit", _tracker.Take(Now)?.Id);
        Assert.Null(_tracker.Take(Now));
        _tracker.Finish();
        Assert.Equal("train", _tracker.Take(Now)?.Id);
    }

    [Fact]
    public void Finished_work_is_known_until_the_list_forgets_it()
    {
        _tracker.Update([Due("train")]);
        _tracker.Take(Now);
        Assert.Equal(["train"], _tracker.Known);
        _tracker.Finish();
        Assert.Equal(["train"], _tracker.Known);
        Assert.Null(_tracker.Take(Now));
        _tracker.Update([]);
        Assert.Empty(_tracker.Known);
        _tracker.Update([Due("train")]);
        Assert.NotNull(_tracker.Take(Now));
    }

    [Fact]
    public void Postponed_work_waits_its_time_and_lets_others_pass()
    {
        _tracker.Update([Due("approve"), Due("train")]);
        _tracker.Take(Now);
        _tracker.Postpone(Now.AddSeconds(5), failed: false);
        Assert.Equal(Now.AddSeconds(5), _tracker.NextDue());
        Assert.Equal("train", _tracker.Take(Now)?.Id);
        _tracker.Finish();
        Assert.Null(_tracker.Take(Now.AddSeconds(4)));
        Assert.Equal("approve", _tracker.Take(Now.AddSeconds(5))?.Id);
    }

    [Fact]
    public void A_later_round_of_the_same_run_is_seen_to_wait()
    {
        Assignment Train(string run, int round) => new() { Id = $"{run}/{round}", Kind = Kind.Train, Run = run, Round = round };
        _tracker.Update([Train("a", 4)]);
        _tracker.Take(Now);
        Assert.False(_tracker.NextRoundWaits);
        _tracker.Update([Train("b", 5)]);
        Assert.False(_tracker.NextRoundWaits);
        _tracker.Update([Train("a", 5)]);
        Assert.True(_tracker.NextRoundWaits);
    }

    [Fact]
    public void Failures_in_a_row_are_counted()
    {
        _tracker.Update([Due("upload")]);
        for (var failures = 0; failures < 3; failures++)
        {
            _tracker.Take(Now);
            Assert.Equal(failures, _tracker.Failures);
            _tracker.Postpone(Now, failed: true);
        }

        _tracker.Take(Now);
        _tracker.Postpone(Now, failed: false);
        _tracker.Take(Now);
        Assert.Equal(0, _tracker.Failures);
    }

    [Fact]
    public void Work_that_is_no_longer_listed_twice_is_obsolete()
    {
        _tracker.Update([Due("train")]);
        _tracker.Take(Now);
        Assert.True(_tracker.Update([]));
        Assert.True(_tracker.Update([Due("train")]));
        Assert.True(_tracker.Update([]));
        Assert.False(_tracker.Update([]));
    }

    [Theory]
    [InlineData(1407, Kind.Train, false, FailureResponse.Retry)]
    [InlineData(1403, Kind.Train, false, FailureResponse.Retry)]
    [InlineData(1901, Kind.Upload, false, FailureResponse.Retry)]
    [InlineData(1302, Kind.Approve, false, FailureResponse.Decline)]
    [InlineData(1302, Kind.Upload, false, FailureResponse.Decline)]
    [InlineData(1501, Kind.Train, false, FailureResponse.Decline)]
    [InlineData(1502, Kind.Train, false, FailureResponse.Decline)]
    [InlineData(1503, Kind.Train, false, FailureResponse.Decline)]
    [InlineData(1101, Kind.Approve, false, FailureResponse.Decline)]
    [InlineData(1123, Kind.Approve, false, FailureResponse.Decline)]
    [InlineData(1203, Kind.Train, false, FailureResponse.Decline)]
    [InlineData(1203, Kind.Commit, false, FailureResponse.Retry)]
    [InlineData(1304, Kind.Train, false, FailureResponse.Decline)]
    [InlineData(1304, Kind.Train, true, FailureResponse.Drop)]
    [InlineData(1303, Kind.Train, true, FailureResponse.Drop)]
    [InlineData(1306, Kind.Upload, true, FailureResponse.Drop)]
    public void Each_error_leads_to_its_response(int number, Kind kind, bool fromServer, FailureResponse expected) =>
        Assert.Equal(expected, FailureResponses.Decide(ErrorCatalogue.All.Single(e => e.Number == number), kind, fromServer));

    private static Assignment Due(string id) => new() { Id = id, Kind = Kind.Train, Run = "run-1" };
}
