using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.SiteAgent.Rounds;

namespace BrainMVP.Federated.SiteAgent.Tests.Rounds;

/// <summary>A run may start from templates that its signed document names.</summary>
public sealed class InitialTemplatesTests
{
    private static readonly Dictionary<string, string> First = new() { ["t1"] = new string('9', 64) };

    private static RunDocument Run => RoundExamples.Run() with { InitialTemplates = First };

    [Fact]
    public void Round_1_starts_from_the_templates_that_the_run_names()
    {
        RoundChecks.RequireRun(Run, "run-1", "testnet", "north", CanonicalJson.Serialize(RoundExamples.Layout));
        RoundChecks.RequireOpen(Open(First), Run, 1, 1, "north", null, "");
    }

    [Fact]
    public void Round_1_with_other_templates_is_refused()
    {
        Refused(() => RoundChecks.RequireOpen(Open([]), Run, 1, 1, "north", null, ""));
        Refused(() => RoundChecks.RequireOpen(Open(new() { ["t1"] = new string('8', 64) }), Run, 1, 1, "north", null, ""));
        Refused(() => RoundChecks.RequireOpen(Open(new(First) { ["t2"] = new string('8', 64) }), Run, 1, 1, "north", null, ""));
        Refused(() => RoundChecks.RequireOpen(Open(First), RoundExamples.Run(), 1, 1, "north", null, ""));
    }

    [Fact]
    public void Later_rounds_start_from_the_commit_and_not_from_the_run()
    {
        var commit = RoundExamples.Commit();
        var hash = CanonicalJson.Hash(commit);
        var open = Open(commit.Templates.ToDictionary()) with { ParentCommit = hash };
        var next = open with { Context = open.Context with { Round = 2, Model = commit.Model } };
        RoundChecks.RequireOpen(next, Run, 2, 1, "north", commit, hash);
        Refused(() => RoundChecks.RequireOpen(next with { Context = next.Context with { Templates = First } }, Run, 2, 1, "north", commit, hash));
    }

    [Fact]
    public void A_template_of_a_modality_that_the_plan_does_not_learn_is_refused() => Refused(() => RoundChecks.RequireRun(
        Run with { InitialTemplates = new Dictionary<string, string>(First) { ["pd"] = new('8', 64) } }, "run-1", "testnet", "north", CanonicalJson.Serialize(RoundExamples.Layout)));

    [Fact]
    public void A_run_without_templates_is_written_as_before()
    {
        var text = System.Text.Encoding.UTF8.GetString(CanonicalJson.Serialize(RoundExamples.Run()));
        Assert.DoesNotContain("initialTemplates", text, StringComparison.Ordinal);
        Assert.Equal(First, CanonicalJson.Deserialize<RunDocument>(CanonicalJson.Serialize(Run)).FirstTemplates());
    }

    [Fact]
    public void A_modality_that_is_not_shared_starts_from_the_given_template_and_goes_on_with_the_sites_own()
    {
        var global = new Dictionary<string, string> { ["t1"] = "given" };
        Assert.Equal("given", ModelInputs.Choose(Run.Plan, global, null, [])["t1"]);
        Assert.Equal("own", ModelInputs.Choose(Run.Plan, global, new Dictionary<string, string> { ["t1"] = "own" }, [])["t1"]);
        Assert.Equal("given", ModelInputs.Choose(Run.Plan, global, new Dictionary<string, string> { ["t1"] = "own" }, ["t1"])["t1"]);
    }

    private static RoundOpenDocument Open(Dictionary<string, string> templates) =>
        RoundExamples.Open() with { Context = RoundExamples.Open().Context with { Templates = templates } };

    private static void Refused(Action act) => Assert.Equal(ErrorCatalogue.ContextMismatch, Assert.Throws<FederationException>(act).Code);
}
