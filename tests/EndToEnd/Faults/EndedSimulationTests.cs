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
    public async Task A_killed_study_leaves_no_process_behind_and_a_second_simulation_keeps_out_of_a_folder_in_use()
    {
        await using var folder = new TemporaryFolder();
        await using var study = SimulationProcess.Start(folder.PathOf("study"), "--study", "ablation", "--seeds", "1", "--test-cases", "2");

        // A federation of the study is at work, and other trainings are beside it.
        var federation = folder.PathOf("study", "stages", "seed-1", "segmentation", "federation-untrained-zeros-50");
        await Wait.Until(() => TemporaryFolder.ProcessesWith(federation, "site-agent").Count >= 3, () => "No federation was started.", _cancellation);
        (await SimulationProcess.Run(federation, [], _cancellation)).FailedWith(ErrorCatalogue.AlreadyRunning, federation);
        study.Process.Send(Signals.Kill);
        await Wait.Until(() => folder.Processes().Count == 0, () => string.Join('\n', folder.Processes()), _cancellation);
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
