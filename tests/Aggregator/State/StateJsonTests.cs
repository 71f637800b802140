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
            Reports = new Dictionary<string, ReportEntry> { ["a"] = new("r", 5, 6, 0.1, At, ["t1"]) },
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
            Kept = new Dictionary<string, IReadOnlyList<string>> { ["network"] = ["a"] },
            Shared = ["t1"],
        },
        "run-document"));

    [Fact]
    public void A_round_that_an_older_build_stored_is_read_with_what_it_could_not_know_left_open()
    {
        // As written before rounds knew shared modalities and robust rules.
        const string Stored = """
            {"Value":{"State":{"Version":1,"Phase":2,"Run":"pilot","Round":3,"Attempt":1,"Open":"o","Invited":["a"],"Deadline":"2026-03-01T12:00:00.123+00:00",
            "Reports":{"a":{"Document":"r","Steps":5,"Cases":6,"Loss":0.1,"At":"2026-03-01T12:00:00.123+00:00"}},"Dropouts":{},"Roster":"x","Uploads":{},"Arrived":[],
            "Shards":0,"Commit":"","Model":"","Templates":{},"PauseReason":"","CloseNow":false,"Times":{},"Participants":["a"],"IsFinal":false},"RunDocument":"d"}}
            """;
        var round = JsonSerializer.Deserialize<Stored<StoredRound>>(Stored)!.Value!;
        Assert.Equal((RoundPhase.Uploading, 3, At), (round.State.Phase, round.State.Round, round.State.Deadline));
        Assert.Equal(6, round.State.Reports["a"].Cases);
        Assert.Null(round.State.Kept);
        Assert.Null(round.State.Reports["a"].Modalities);
        Assert.Empty(round.State.Shared);
    }

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
