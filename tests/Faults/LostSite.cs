using System.Diagnostics;

namespace BrainMVP.Federated.Faults;

/// <summary>A third site that is killed for good; an administrator goes on without it. The model must be that of the two others.</summary>
public static class LostSite
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task<string> Disturb(RunningSimulation simulation, CancellationToken cancellation)
    {
        await simulation.Until(() => Directory.Exists(simulation.Round("east", 1)), "the first round at east", cancellation);
        using (var agent = Process.GetProcessById(simulation.Agent("east")))
        {
            agent.Kill();
        }

        var (code, text) = await Programs.Run(
            Programs.Aggregator, ["run", "drop-site", "simulation", "--site", "east", "--reason", "its machine is gone", "--dir", simulation.Aggregator], Limit, cancellation);
        return code == 0 ? "east was dropped" : throw new InvalidOperationException($"east could not be dropped: {text}");
    }
}
