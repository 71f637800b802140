using BrainMVP.Federated.EndToEnd.Tests.Support;

namespace BrainMVP.Federated.EndToEnd.Tests.Administration;

/// <summary>A site that misses its round, where the plan lets it carry its work into the next.</summary>
public sealed class LateWorkTests(SharedRuns shared)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_site_trained_in_a_round_that_closed_without_it_counts_in_the_next()
    {
        await using var folder = new TemporaryFolder();
        await using var federation = await SmallFederation.Start(folder, _cancellation);
        string[] sites = ["north", "south", "east"];
        var data = await shared.Data;
        var agents = await federation.JoinAll(data, sites);
        const string quorum = "latePolicy: carry";
        var hash = await federation.Submit(folder.Write("plan.yaml", Plans.Tiny(30, silentAfter: 5, modalities: "t1, t2", quorum: quorum)), sites);
        foreach (var site in sites)
        {
            await federation.Approve(site, hash);
        }

        await federation.Until(SmallFederation.Run, s => s.Sites.Any(x => x is { Site: "east", Progress: { Round: 1, Phase: "train", Done: >= 5 } }));
        agents[2].Send(Signals.Kill);
        (await federation.Administer("run", "pause", SmallFederation.Run)).Succeeded();
        var first = await federation.Until(SmallFederation.Run, s => s.Summary.CommittedRounds == 1);
        Assert.Equal(["north", "south"], first.Rounds[0].Uploaded);
        federation.StartAgent("east", data[2]);
        await federation.Until(SmallFederation.Run, s => s.Sites.Any(x => x is { Site: "east", SilentSeconds: >= 0 and < 2 }));
        (await federation.Administer("run", "resume", SmallFederation.Run)).Succeeded();
        var last = await federation.Until(SmallFederation.Run, s => s.Summary.State == "completed");
        Assert.Equal(["east", "north", "south"], last.Rounds[1].Uploaded);
        Assert.Equal(new Dictionary<string, int> { ["east"] = 1 }, last.Rounds[1].Ages);
        Assert.Contains("(work", (await federation.Administer("run", "status", SmallFederation.Run)).Succeeded().Output, StringComparison.Ordinal);
        foreach (var site in sites)
        {
            (await federation.Command(Programs.SiteAgent, "audit", "verify", "--dir", federation.Site(site))).Succeeded();
        }
    }
}
