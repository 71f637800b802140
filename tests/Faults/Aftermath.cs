using BrainMVP.Federated.Trust.Audit;

namespace BrainMVP.Federated.Faults;

/// <summary>What must hold in the folders after a simulation, whatever happened in it.</summary>
public static class Aftermath
{
    /// <summary>Everything that does not hold.</summary>
    /// <param name="simulation">The simulation.</param>
    /// <param name="rounds">Rounds that it committed.</param>
    /// <param name="hasBucket">Whether each silo has a folder of its own: what counts is in the bucket then, and the log is whole where it was written last.</param>
    public static IReadOnlyList<string> Faults(RunningSimulation simulation, int rounds, bool hasBucket)
    {
        var wrong = new List<string>();
        var log = Directory.EnumerateDirectories(Path.GetDirectoryName(simulation.Aggregator)!, "aggregator*")
            .Select(f => Path.Combine(f, "audit.jsonl"))
            .Where(File.Exists)
            .MaxBy(f => new FileInfo(f).Length)!;
        var committed = AuditLog.Read(log).Count(r => r.Kind == "round.committed");
        if (committed != rounds)
        {
            wrong.Add($"the aggregator's audit log has {committed} records of {rounds} commits");
        }

        if (hasBucket && BucketServer.Left() is > 0 and var objects)
        {
            wrong.Add($"{objects} objects of ended rounds are left in the bucket");
        }

        foreach (var scratch in hasBucket ? (string[])[] : ["uploads", "sums"])
        {
            var left = Directory.Exists(Path.Combine(simulation.Aggregator, scratch))
                ? Directory.EnumerateFiles(Path.Combine(simulation.Aggregator, scratch), "*", SearchOption.AllDirectories).Count()
                : 0;
            if (left > 0)
            {
                wrong.Add($"{left} files are left in {scratch}");
            }
        }

        foreach (var chain in Directory.EnumerateDirectories(Path.Combine(simulation.Out, "work", "sites")).Select(f => Path.Combine(f, "audit.jsonl")).Prepend(log))
        {
            if (AuditLog.Verify(chain) is { IsWhole: false, FirstBroken: var broken })
            {
                wrong.Add($"record {broken} of {chain} is broken");
            }
        }

        foreach (var (id, command) in Processes().Where(p => p.Command.Contains(simulation.Out, StringComparison.Ordinal)))
        {
            wrong.Add($"process {id} is left: {command}");
        }

        return wrong;
    }

    private static IEnumerable<(int Id, string Command)> Processes()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), System.Globalization.CultureInfo.InvariantCulture, out var id) && id != Environment.ProcessId)
            {
                string command;
                try
                {
                    command = File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ');
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    continue;
                }

                yield return (id, command);
            }
        }
    }
}
