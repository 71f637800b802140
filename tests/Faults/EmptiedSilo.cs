using System.Diagnostics;
using System.Globalization;

namespace BrainMVP.Federated.Faults;

/// <summary>A silo with a bucket whose machine is lost while sites train: it comes back with the consortium's trust and nothing else.</summary>
public static class EmptiedSilo
{
    public static async Task<string> Disturb(RunningSimulation simulation, CancellationToken cancellation)
    {
        await simulation.Until(() => File.Exists(Path.Combine(simulation.Round("south", 1), "open.json")), "the first round at south", cancellation);
        var id = int.Parse(await File.ReadAllTextAsync(Path.Combine(simulation.Aggregator, "silos", "silo1.pid"), cancellation), CultureInfo.InvariantCulture);
        var command = (await File.ReadAllTextAsync($"/proc/{id}/cmdline", cancellation)).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        using (var silo = Process.GetProcessById(id))
        {
            silo.Kill();
            await silo.WaitForExitAsync(cancellation);
        }

        foreach (var folder in Directory.EnumerateDirectories(simulation.Aggregator).Where(f => Path.GetFileName(f) is not ("trust" or "admin")))
        {
            Directory.Delete(folder, recursive: true);
        }

        foreach (var file in Directory.EnumerateFiles(simulation.Aggregator))
        {
            File.Delete(file);
        }

        // The simulation ends it by the file with its number.
        var log = Path.Combine(simulation.Out, "logs", "silo1-again.log");
        using var again = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" > \"$log\" 2>&1", "sh", log, .. command]) { RedirectStandardInput = true })!;
        await simulation.Until(() => Directory.Exists(Path.Combine(simulation.Aggregator, "silos")) && Directory.EnumerateFiles(Path.Combine(simulation.Aggregator, "silos"), "silo1.address").Any(), "silo1 with an empty folder", cancellation);
        return "silo1 came back with its trust alone";
    }
}
