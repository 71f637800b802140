using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.SiteAgent.Rounds;

namespace BrainMVP.Federated.SiteAgent.Tests.Rounds;

public sealed class LateWorkTests : IDisposable
{
    private readonly TemporarySite _site = new();
    private readonly RunFolder _folder;

    public LateWorkTests()
    {
        _folder = new RunFolder(_site.PathOf("run"));
    }

    public void Dispose() => _site.Dispose();

    [Fact]
    public void Work_that_was_begun_and_not_counted_is_found()
    {
        Committed(4, "south");
        Begun(4);
        Assert.Equal(4, LateWork.Find(Run(), "north", 5)?.Open.Context.Round);
        Assert.Null(LateWork.Find(Run(LatePolicies.Discard), "north", 5));
    }

    [Fact]
    public void It_stays_found_while_later_rounds_pass_up_to_its_greatest_age()
    {
        Committed(4, "south");
        Begun(4);
        Committed(5, "south");
        Opened(5);
        Committed(6, "south");
        Assert.Equal(4, LateWork.Find(Run(), "north", 6)?.Open.Context.Round);
        Assert.Equal(4, LateWork.Find(Run(), "north", 7)?.Open.Context.Round);
        Committed(7, "south");
        Assert.Null(LateWork.Find(Run(), "north", 8));
    }

    [Fact]
    public void Work_before_the_last_that_was_counted_is_not_carried()
    {
        Committed(4, "south");
        Begun(4);
        Committed(5, "north", "south");
        Assert.Null(LateWork.Find(Run(), "north", 6));
    }

    [Fact]
    public void Work_that_was_given_up_or_never_begun_is_not_carried()
    {
        Committed(4, "south");
        Assert.Null(LateWork.Find(Run(), "north", 5));
        Opened(4);
        Assert.Null(LateWork.Find(Run(), "north", 5));
        Begun(4);
        DurableFile.WriteAllText(_folder.Round(4, 1).GivenUp, "{}");
        Assert.Null(LateWork.Find(Run(), "north", 5));
    }

    [Fact]
    public void Work_of_an_attempt_that_was_rolled_back_is_not_carried()
    {
        Committed(4, "south");
        Begun(4, attempt: 2);
        Assert.Null(LateWork.Find(Run(), "north", 5));
    }

    [Fact]
    public void A_snapshot_of_work_that_was_carried_is_not_swept()
    {
        Begun(2);
        _folder.WriteLocal(new LocalState(5, Path.Combine(_folder.Round(2, 1).Job, "snapshot"), new Dictionary<string, string>()));
        Begun(3);
        _folder.Sweep(9, rollback: 2);
        Assert.True(Directory.Exists(_folder.Round(2, 1).Job));
        Assert.False(Directory.Exists(_folder.Round(3, 1).Root));
    }

    private KnownRun Run(string policy = LatePolicies.Carry)
    {
        var run = RoundExamples.Run();
        return new KnownRun(run with { Plan = run.Plan with { Quorum = run.Plan.Quorum with { LatePolicy = policy, MaximumAge = 3 } } }, RoundExamples.Layout, _folder);
    }

    private void Committed(int round, params string[] contributors)
    {
        var commit = RoundExamples.Commit();
        DurableFile.WriteAllBytes(_folder.Commit(round), CanonicalJson.Serialize(commit with { Context = commit.Context with { Round = round }, Contributors = contributors }));
    }

    private void Opened(int round, int attempt = 1)
    {
        var open = RoundExamples.Open();
        DurableFile.WriteAllBytes(_folder.Round(round, attempt).Open, CanonicalJson.Serialize(open with { Context = open.Context with { Round = round, Attempt = attempt } }));
    }

    private void Begun(int round, int attempt = 1)
    {
        Opened(round, attempt);
        Directory.CreateDirectory(_folder.Round(round, attempt).Job);
    }
}
