using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.EndToEnd.Tests.Support;

namespace BrainMVP.Federated.EndToEnd.Tests.Faults;

/// <summary>However the simulation ends, it takes every process along.</summary>
public sealed class EndedSimulationTests(SharedRuns shared)
{
    /// <summary>More rounds than a test waits for: the run must not be over before the signal comes.</summary>
    private static readonly string[] Endless = ["--rounds", "100"];

    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_interrupted_simulation_ends_every_process()
    {
        await using var folder = new TemporaryFolder();
        await using var simulation = SimulationProcess.Start(folder.PathOf("out"), [.. await shared.Arguments(), .. Endless]);
        await simulation.UntilMidRound("north", _cancellation);
        simulation.Process.Send(Signals.Interrupt);
        (await simulation.Finish(_cancellation)).FailedWith(ErrorCatalogue.Cancelled);
        folder.HoldsNoProcess();
    }

    [Fact]
    public async Task A_killed_simulation_leaves_no_process_behind()
    {
        await using var folder = new TemporaryFolder();
        await using var simulation = SimulationProcess.Start(folder.PathOf("out"), [.. await shared.Arguments(), .. Endless]);
        await simulation.UntilMidRound("north", _cancellation);
        Assert.True(folder.Processes().Count >= 4);
        simulation.Process.Send(Signals.Kill);
        await Wait.Until(() => folder.Processes().Count == 0, () => string.Join('\n', folder.Processes()), _cancellation);
    }
}
