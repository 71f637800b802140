using System.Diagnostics;
using System.Globalization;

namespace BrainMVP.Federated.Faults;

/// <summary>One silo of two that is killed for good while sites train: the other one finishes the run.</summary>
public static class LostSilo
{
    public static async Task<string> Disturb(RunningSimulation simulation, CancellationToken cancellation)
    {
        await simulation.Until(() => File.Exists(Path.Combine(simulation.Round("south", 1), "open.json")), "the first round at south", cancellation);
        var id = int.Parse(await File.ReadAllTextAsync(Path.Combine(simulation.Aggregator, "silos", "silo1.pid"), cancellation), CultureInfo.InvariantCulture);
        using var silo = Process.GetProcessById(id);
        silo.Kill();
        return "silo1 never came back";
    }
}
