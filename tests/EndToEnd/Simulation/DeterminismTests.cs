using BrainMVP.Federated.EndToEnd.Tests.Support;

namespace BrainMVP.Federated.EndToEnd.Tests.Simulation;

public sealed class DeterminismTests(SharedRuns shared)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_seed_gives_the_same_global_model()
    {
        await using var folder = new TemporaryFolder();
        (await SimulationProcess.Run(folder.PathOf("out"), await shared.Arguments(), _cancellation)).Succeeded();
        folder.HoldsNoProcess();
        Assert.Equal(await shared.UndisturbedModel, SimulationProcess.ModelHash(folder.PathOf("out")));
    }

    [Fact]
    public async Task Another_seed_gives_another_global_model()
    {
        await using var folder = new TemporaryFolder();
        (await SimulationProcess.Run(folder.PathOf("out"), [.. (await shared.Arguments()).SkipLast(1), "6"], _cancellation)).Succeeded();
        Assert.NotEqual(await shared.UndisturbedModel, SimulationProcess.ModelHash(folder.PathOf("out")));
    }
}
