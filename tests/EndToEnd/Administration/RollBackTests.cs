using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.EndToEnd.Tests.Support;

namespace BrainMVP.Federated.EndToEnd.Tests.Administration;

/// <summary>Drafts, and going back to an earlier round, with real processes and the commands that people type.</summary>
public sealed class RollBackTests(SharedRuns shared)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    /// <param name="committed">Rounds of three that are committed when it is rolled back; after the last one the sites evaluate, with many crops, so that it takes them a while.</param>
    /// <param name="crops">Validation crops.</param>
    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 64)]
    public async Task A_run_that_was_rolled_back_ends_with_the_model_of_one_that_was_not(int committed, int crops)
    {
        await using var folder = new TemporaryFolder();
        await using var federation = await SmallFederation.Start(folder, _cancellation);
        await federation.JoinAll(await shared.Data, "north", "south");

        var plan = folder.Write("plan.yaml", Plans.Tiny(3, modalities: "t1, t2", rounds: 3).Replace("validationCrops: 1", $"validationCrops: {crops}", StringComparison.Ordinal));
        var plain = await federation.Complete("plain", plan, "north", "south");

        await federation.Submit("back", plan, ["north", "south"], "--draft");
        Assert.Equal("draft", (await federation.Status("back")).Summary.State);
        (await federation.Administer("run", "roll-back", "back", "--to", "0")).FailedWith(ErrorCatalogue.RunStateConflict, "draft");
        Assert.False(Directory.Exists(Path.Combine(federation.Site("north"), "runs", "back")));
        (await federation.Administer("run", "start", "back")).Succeeded();
        await federation.Until("back", s => s.Summary.CommittedRounds >= committed);
        (await federation.Administer("run", "roll-back", "back", "--to", "1", "--reason", "as a test")).Succeeded();
        var back = await federation.Until("back", s => s.Summary.State == "completed");

        Assert.Equal(plain.Model, back.Model);
        Assert.Equal([1, 2, 2], back.Rounds.Select(r => r.Attempt));
        foreach (var site in (string[])["north", "south"])
        {
            Assert.Contains("run.rolledBack", await File.ReadAllTextAsync(Path.Combine(federation.Site(site), "audit.jsonl"), _cancellation), StringComparison.Ordinal);
            (await federation.Command(Programs.SiteAgent, "audit", "verify", "--dir", federation.Site(site))).Succeeded();
        }

        (await federation.Administer("audit", "verify")).Succeeded();
        (await federation.Administer("run", "roll-back", "back", "--to", "1")).FailedWith(ErrorCatalogue.RunStateConflict, "aggregator run clone back@1");
    }
}
