using System.Globalization;
using System.Text.Json;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Transport;

namespace BrainMVP.Federated.EndToEnd.Tests.Support;

/// <summary>A running simulation and its output folder.</summary>
internal sealed class SimulationProcess : IAsyncDisposable
{
    private readonly RunningProcess _process;

    private SimulationProcess(string folder, RunningProcess process)
    {
        Out = folder;
        _process = process;
    }

    public string Out { get; }

    public RunningProcess Process => _process;

    public static SimulationProcess Start(string folder, params IEnumerable<string> arguments) =>
        new(folder, RunningProcess.Start(Programs.Simulation, arguments.Concat(["--out", folder])));

    /// <summary>Runs a simulation to its end.</summary>
    public static async Task<Finished> Run(string folder, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        await using var simulation = Start(folder, arguments);
        return await simulation.Finish(cancellation);
    }

    public static JsonElement Summary(string folder)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "summary.json")));
        return document.RootElement.Clone();
    }

    /// <summary>SHA-256 of the global model that a completed simulation states.</summary>
    public static string ModelHash(string folder)
    {
        var summary = Summary(folder);
        Assert.Equal("completed", summary.GetProperty("status").GetString());
        return summary.GetProperty("globalModel").GetProperty("sha256").GetString()!;
    }

    public Task<Finished> Finish(CancellationToken cancellation) => _process.Finish(cancellation);

    /// <summary>Process id and restart command that the simulation printed.</summary>
    public async Task<(int Id, string Restart)> Member(string name, CancellationToken cancellation)
    {
        var line = await _process.LineWith(name.PadRight(12) + " process ", cancellation);
        var id = int.Parse(_process.Output[line].Split("process ")[1].Split(';')[0], CultureInfo.InvariantCulture);
        await Wait.Until(() => _process.Output.Count > line + 1, () => "No restart command followed.", cancellation);
        return (id, _process.Output[line + 1].Trim());
    }

    /// <summary>Waits until a site trains the first round and has written a checkpoint of it.</summary>
    public async Task UntilMidRound(string site, CancellationToken cancellation)
    {
        var job = Path.Combine(Out, "work", "sites", site, "runs", "simulation", "rounds", "000001-001", "job");
        await Wait.Until(
            () =>
            {
                Assert.False(_process.HasExited, $"The simulation ended:\n{string.Join('\n', _process.Output)}\n{_process.Errors}");
                return File.Exists(Path.Combine(job, "checkpoint", "state.safetensors"));
            },
            () => $"{site} never wrote a checkpoint:\n{string.Join('\n', _process.Output)}",
            cancellation);
        Assert.False(File.Exists(Path.Combine(job, "result.json")), $"{site} trained faster than the test looks; give it more steps.");
    }

    public async Task<RunStatus> Status(CancellationToken cancellation)
    {
        using var admin = AdminClient.FromFolder(Path.Combine(Out, "work", "aggregator"), null);
        return await admin.Admin.GetRunStatusAsync(new GetRunStatusRequest { Run = "simulation" }, AdminClient.Options(cancellation));
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
