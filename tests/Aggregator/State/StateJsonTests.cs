using System.Text.Json;
using BrainMVP.Federated.Aggregator.Consortium;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.Rounds;
using BrainMVP.Federated.Aggregator.Runs;
using BrainMVP.Federated.Aggregator.Sites;

namespace BrainMVP.Federated.Aggregator.Tests.State;

/// <summary>Grain state is stored as plain JSON; whatever a grain remembers must come back.</summary>
public sealed class StateJsonTests
{
    private static readonly DateTimeOffset At = new(2026, 3, 1, 12, 0, 0, 123, TimeSpan.Zero);
    private static readonly Dictionary<string, string> Words = new() { ["t1"] = "x", ["flair"] = "y" };

    [Fact]
    public void A_round_comes_back_whole() => ComesBack(new StoredRound(
        new RoundState
        {
            Version = 1,
            Phase = RoundPhase.Summing,
            Run = "pilot",
            Round = 3,
            Attempt = 2,
            Open = "open",
            Invited = ["a", "b"],
            Deadline = At,
            Reports = new Dictionary<string, ReportEntry> { ["a"] = new("r", 5, 6, 0.1, At) },
            Dropouts = Words,
            Roster = "roster",
            Uploads = new Dictionary<string, UploadEntry> { ["a"] = new("m", 1L << 40, true, At) },
            Arrived = ["a"],
            Shards = 7,
            Commit = "commit",
            Model = "model",
            Templates = Words,
            PauseReason = "why",
            CloseNow = true,
            Times = new Dictionary<string, DateTimeOffset> { ["opened"] = At },
            Participants = ["a", "b"],
        },
        "run-document"));

    [Fact]
    public void A_run_comes_back_whole() => ComesBack(new RunState
    {
        Phase = RunPhase.Evaluating,
        Document = "document",
        Sites = ["a", "b"],
        Approvals = new Dictionary<string, ApprovalEntry> { ["a"] = new("doc", "Dr. N.") },
        Refusals = Words,
        Dropped = Words,
        Deadline = At,
        Round = 4,
        Attempt = 1,
        Model = "model",
        Templates = Words,
        Commits = [new CommitEntry(1, 1, "c", "m", Words)],
        Evaluations = Words,
        Reason = "why",
        Paused = true,
        CloseNow = true,
    });

    [Fact]
    public void A_site_comes_back_whole() => ComesBack(new SiteState
    {
        Status = "enrolled",
        TokenHash = "t",
        TokenExpires = At,
        Fingerprints = ["f", "g"],
        CertificateExpires = At,
        Profile = new SiteProfile("doc", 12, new Dictionary<string, int> { ["t1"] = 12 }, new Dictionary<string, int> { ["BMF-1107"] = 2 }),
        Runs = ["pilot"],
    });

    [Fact]
    public void The_consortium_comes_back_whole() => ComesBack(new ConsortiumState { Sites = ["a"], Runs = ["pilot"], Tokens = Words });

    [Fact]
    public void Nothing_stored_is_nothing() => Assert.Null(JsonSerializer.Deserialize<Stored<RunState>>(JsonSerializer.Serialize(new Stored<RunState>()))!.Value);

    private static void ComesBack<T>(T value)
        where T : class
    {
        var text = JsonSerializer.Serialize(new Stored<T> { Value = value });
        var again = JsonSerializer.Deserialize<Stored<T>>(text)!.Value!;
        Assert.Equal(text, JsonSerializer.Serialize(new Stored<T> { Value = again }));

        // Equal texts would also come of a member that is never written; every settable one is compared with its default.
        foreach (var property in typeof(T).GetProperties().Where(p => p.CanWrite && p.Name != "Version"))
        {
            Assert.Contains($"\"{property.Name}\":", text, StringComparison.Ordinal);
            Assert.Equal(JsonSerializer.Serialize(property.GetValue(value)), JsonSerializer.Serialize(property.GetValue(again)));
        }
    }
}
