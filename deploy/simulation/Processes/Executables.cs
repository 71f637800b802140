using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Simulation.Processes;

/// <summary>Where the two executables lie: beside the published simulation, or in the build folders of the same configuration.</summary>
public sealed record Executables(string Aggregator, string SiteAgent)
{
    /// <exception cref="FederationException">BMF-1601 when one of them was not built.</exception>
    public static Executables Find() => new(Find("aggregator"), Find("site-agent"));

    private static string Find(string name)
    {
        var here = AppContext.BaseDirectory;
        var beside = Path.Combine(here, name);
        if (File.Exists(beside))
        {
            return beside;
        }

        // REPOSITORY/deploy/simulation/bin/CONFIGURATION/FRAMEWORK/ and REPOSITORY/NAME/bin/CONFIGURATION/FRAMEWORK/RUNTIME/NAME
        var framework = new DirectoryInfo(here.TrimEnd(Path.DirectorySeparatorChar));
        var built = Path.Combine(here, "..", "..", "..", "..", "..", name, "bin", framework.Parent!.Name, framework.Name, "linux-x64", name);
        return File.Exists(built)
            ? Path.GetFullPath(built)
            : throw ErrorCatalogue.SimulationFailed.With($"The executable {name} is neither at {beside} nor at {Path.GetFullPath(built)}; build the solution first.");
    }
}
