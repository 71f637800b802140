using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.SiteAgent.Rounds;

namespace BrainMVP.Federated.SiteAgent.Tests.Rounds;

public sealed class RoundChecksTests
{
    private static readonly byte[] Layout = CanonicalJson.Serialize(RoundExamples.Layout);

    [Fact]
    public void A_consistent_set_of_documents_is_accepted()
    {
        RoundChecks.RequireRun(RoundExamples.Run(), "run-1", "testnet", "north", Layout);
        RoundChecks.RequireOpen(RoundExamples.Open(), RoundExamples.Run(), 1, 1, "north", null, "");
        RoundChecks.RequireRoster(RoundExamples.Roster(), RoundExamples.Layout, RoundExamples.Report(), new Plan());
        RoundChecks.RequireCommit(RoundExamples.Commit(), RoundExamples.Open(), RoundExamples.Run(), "north", RoundExamples.Report(), new string('d', 64));
    }

    [Fact]
    public void A_run_is_refused_when_plan_layout_or_address_differ()
    {
        var run = RoundExamples.Run();
        Refused(ErrorCatalogue.SignatureInvalid, () => RoundChecks.RequireRun(run with { Plan = run.Plan with { Seed = 99 } }, "run-1", "testnet", "north", Layout));
        Refused(ErrorCatalogue.SignatureInvalid, () => RoundChecks.RequireRun(run, "run-1", "testnet", "north", [.. Layout, 32]));
        Refused(ErrorCatalogue.ContextMismatch, () => RoundChecks.RequireRun(run, "run-2", "testnet", "north", Layout));
        Refused(ErrorCatalogue.ContextMismatch, () => RoundChecks.RequireRun(run, "run-1", "othernet", "north", Layout));
        Refused(ErrorCatalogue.ContextMismatch, () => RoundChecks.RequireRun(run, "run-1", "testnet", "west", Layout));
        Refused(ErrorCatalogue.ProtocolMismatch, () => RoundChecks.RequireRun(run with { ProtocolVersion = Protocol.Version + 1 }, "run-1", "testnet", "north", Layout));
    }

    [Fact]
    public void Every_field_of_an_opening_is_bound()
    {
        var open = RoundExamples.Open();
        OpenRefused(open with { Context = open.Context with { Run = "run-2" } });
        OpenRefused(open with { Context = open.Context with { Consortium = "othernet" } });
        OpenRefused(open with { Context = open.Context with { Round = 2 } });
        OpenRefused(open with { Context = open.Context with { Attempt = 2 } });
        OpenRefused(open with { Context = open.Context with { PlanHash = new string('0', 64) } });
        OpenRefused(open with { Context = open.Context with { LayoutHash = new string('0', 64) } });
        OpenRefused(open with { Context = open.Context with { Model = RoundExamples.Second } });
        OpenRefused(open with { Context = open.Context with { ProtocolVersion = Protocol.Version + 1 } });
        OpenRefused(open with { Context = open.Context with { Templates = new Dictionary<string, string> { ["t1"] = new('c', 64) } } });
        OpenRefused(open with { Context = open.Context with { Invited = ["south"] } });
        OpenRefused(open with { Context = open.Context with { Invited = ["north", "stranger"] } });
        OpenRefused(open with { ParentCommit = new string('0', 64) });
    }

    [Fact]
    public void The_second_round_starts_where_the_first_commit_ended()
    {
        var commit = RoundExamples.Commit();
        var hash = CanonicalJson.Hash(commit);
        var open = RoundExamples.Open();
        var next = open with
        {
            Context = open.Context with { Round = 2, Model = commit.Model, Templates = commit.Templates },
            ParentCommit = hash,
        };
        RoundChecks.RequireOpen(next, RoundExamples.Run(), 2, 1, "north", commit, hash);
        Refused(ErrorCatalogue.ContextMismatch, () => RoundChecks.RequireOpen(next with { ParentCommit = "" }, RoundExamples.Run(), 2, 1, "north", commit, hash));
        Refused(ErrorCatalogue.ContextMismatch, () => RoundChecks.RequireOpen(next with { Context = next.Context with { Model = RoundExamples.Initial } }, RoundExamples.Run(), 2, 1, "north", commit, hash));
    }

    [Fact]
    public void A_roster_may_not_ask_for_more_than_was_reported()
    {
        var roster = RoundExamples.Roster();
        RosterRefused(roster with { OpenContext = new string('0', 64) });
        RosterRefused(roster with { Scales = [.. roster.Scales.Reverse()] });
        RosterRefused(roster with { Groups = [roster.Groups[0] with { Participants = [new RosterWeight("north", 31), new RosterWeight("south", 29)] }, roster.Groups[1]] });
        RosterRefused(roster with { Groups = [roster.Groups[0] with { TotalWeight = 61 }, roster.Groups[1]] });
        RosterRefused(roster with { Groups = [.. roster.Groups, new GroupRoster("template.t2", [new RosterWeight("north", 1), new RosterWeight("south", 1)], 2)] });
    }

    [Fact]
    public void A_commit_must_fit_the_round_and_what_this_site_sent()
    {
        var commit = RoundExamples.Commit();
        CommitRefused(commit with { Context = commit.Context with { Attempt = 2 } });
        CommitRefused(commit with { ParentModel = RoundExamples.Second });
        CommitRefused(commit with { RosterHash = new string('0', 64) });
        CommitRefused(commit with { RoundContext = new string('0', 64) });
        CommitRefused(commit with { Updates = new Dictionary<string, string> { ["north"] = new('0', 64) } });
        CommitRefused(commit with { SiteAuditHeads = new Dictionary<string, string> { ["north"] = new('0', 64) } });
        CommitRefused(commit with { Groups = [commit.Groups[0], commit.Groups[1] with { Arrived = ["north"] }] });
    }

    [Fact]
    public void A_commit_without_this_site_needs_no_update_of_it() =>
        RoundChecks.RequireCommit(RoundExamples.Commit() with { Contributors = ["south"], Updates = new Dictionary<string, string> { ["south"] = new('e', 64) } }, RoundExamples.Open(), RoundExamples.Run(), "north", null, null);

    private static void OpenRefused(RoundOpenDocument open) =>
        Refused(ErrorCatalogue.ContextMismatch, () => RoundChecks.RequireOpen(open, RoundExamples.Run(), 1, 1, "north", null, ""));

    private static void RosterRefused(RosterDocument roster) =>
        Refused(ErrorCatalogue.ContextMismatch, () => RoundChecks.RequireRoster(roster, RoundExamples.Layout, RoundExamples.Report(), new Plan()));

    private static void CommitRefused(RoundCommitDocument commit) =>
        Refused(ErrorCatalogue.ContextMismatch, () => RoundChecks.RequireCommit(commit, RoundExamples.Open(), RoundExamples.Run(), "north", RoundExamples.Report(), new string('d', 64)));

    private static void Refused(ErrorCode code, Action act) => Assert.Equal(code, Assert.Throws<FederationException>(act).Code);
}
