using System.Text.Json;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.EndToEnd.Tests.Support;

namespace BrainMVP.Federated.EndToEnd.Tests.Faults;

/// <summary>Processes that are killed in the middle of a round, and come back or not.</summary>
public sealed class KilledProcessTests(SharedRuns shared)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_agent_killed_mid_round_and_started_again_changes_no_bit()
    {
        await using var folder = new TemporaryFolder();
        await using var simulation = SimulationProcess.Start(folder.PathOf("out"), [.. await shared.Arguments(), "--keep"]);
        await simulation.UntilMidRound("north", _cancellation);
        await using var again = await KillAndRestart(simulation, "north");
        (await simulation.Finish(_cancellation)).Succeeded();
        folder.HoldsNoProcess();
        Assert.Equal(await shared.UndisturbedModel, SimulationProcess.ModelHash(folder.PathOf("out")));
    }

    [Fact]
    public async Task An_aggregator_killed_mid_round_and_started_again_changes_no_bit()
    {
        await using var folder = new TemporaryFolder();
        await using var simulation = SimulationProcess.Start(folder.PathOf("out"), [.. await shared.Arguments(), "--keep"]);
        await simulation.UntilMidRound("south", _cancellation);
        await using var again = await KillAndRestart(simulation, "aggregator");
        (await simulation.Finish(_cancellation)).Succeeded();
        folder.HoldsNoProcess();
        Assert.Equal(await shared.UndisturbedModel, SimulationProcess.ModelHash(folder.PathOf("out")));
    }

    [Fact]
    public async Task A_run_completes_without_an_agent_that_was_killed_for_good()
    {
        await using var folder = new TemporaryFolder();
        var data = await shared.Data;
        await using var simulation = SimulationProcess.Start(
            folder.PathOf("out"), "--plan", folder.Write("plan.yaml", Plans.Tiny(30, silentAfter: 5)), "--data", data[0], "--data", data[1], "--data", data[2]);
        await simulation.UntilMidRound("east", _cancellation);
        Signals.Send((await simulation.Member("east", _cancellation)).Id, Signals.Kill);
        var finished = (await simulation.Finish(_cancellation)).Succeeded();
        folder.HoldsNoProcess();
        Assert.Contains("east (process", finished.Output, StringComparison.Ordinal);
        var sites = SimulationProcess.Summary(folder.PathOf("out")).GetProperty("sites").EnumerateArray().ToDictionary(s => s.GetProperty("name").GetString()!, s => s.GetProperty("rounds").GetInt32());
        Assert.Equal(new Dictionary<string, int> { ["north"] = 2, ["south"] = 2, ["east"] = 0 }, sites);
    }

    [Fact]
    public async Task Below_the_quorum_a_run_pauses_and_says_who_is_missing()
    {
        await using var folder = new TemporaryFolder();
        var data = await shared.Data;
        await using var simulation = SimulationProcess.Start(
            folder.PathOf("out"), "--plan", folder.Write("plan.yaml", Plans.Tiny(30, silentAfter: 5)), "--data", data[0], "--data", data[1], "--pause-limit", "2");
        await simulation.UntilMidRound("south", _cancellation);
        Signals.Send((await simulation.Member("south", _cancellation)).Id, Signals.Kill);
        (await simulation.Finish(_cancellation)).FailedWith(ErrorCatalogue.SimulationPaused, ErrorCatalogue.UnderQuorum.Id, "south");
        folder.HoldsNoProcess();
        var summary = SimulationProcess.Summary(folder.PathOf("out"));
        Assert.Equal("paused", summary.GetProperty("status").GetString());
        Assert.Contains("south", summary.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Array, summary.GetProperty("loss").ValueKind);
    }

    /// <summary>Kills a process of the simulation and starts it again with the command line that the simulation printed.</summary>
    private async Task<RunningProcess> KillAndRestart(SimulationProcess simulation, string name)
    {
        var (id, restart) = await simulation.Member(name, _cancellation);
        Signals.Send(id, Signals.Kill);
        await simulation.Process.LineWith($"{name} (process {id}) ended with code 137", _cancellation);
        var words = restart.Split(' ');
        return RunningProcess.Start(words[0], words[1..]);
    }
}
