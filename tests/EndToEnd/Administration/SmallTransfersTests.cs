using BrainMVP.Federated.EndToEnd.Tests.Support;

namespace BrainMVP.Federated.EndToEnd.Tests.Administration;

/// <summary>A run whose updates are packed and whose models are broadcast as changes.</summary>
public sealed class SmallTransfersTests(SharedRuns shared)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Updates_are_packed_and_sites_make_the_model_from_its_change()
    {
        await using var folder = new TemporaryFolder();
        await using var federation = await SmallFederation.Start(folder, _cancellation);
        var agents = await federation.JoinAll(await shared.Data, "north", "south");
        var plain = await Run("plain", "ringBits: 32");
        var small = await Run("small", "ringBits: 16\n  broadcast: int8");
        foreach (var round in plain.Rounds.Zip(small.Rounds))
        {
            Assert.Equal(0.5, round.Second.UploadBytes["north"] / (double)round.First.UploadBytes["north"], 2);
            Assert.Equal(0, round.First.BroadcastError);
            Assert.InRange(round.Second.BroadcastError, 1e-9, 0.05);
        }

        // Not the same model, but as good a one.
        Assert.NotEqual(plain.Model, small.Model);
        Assert.InRange(small.Validation[^1].Loss / plain.Validation[^1].Loss, 0.95, 1.05);
        foreach (var agent in agents)
        {
            Assert.Equal(2, agent.Output.Count(l => l.Contains("bytes of changes made", StringComparison.Ordinal)));
        }

        Task<Contracts.V1.RunStatus> Run(string name, string aggregation) =>
            federation.Complete(name, folder.Write(name + ".yaml", Plans.Tiny(3, modalities: "t1, t2", aggregation: aggregation)), "north", "south");
    }
}
