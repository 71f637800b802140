using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Simulation.Faults;

/// <summary>Starts a process whose clock is wrong, by libfaketime. Only the wall clock is changed; durations stay right.</summary>
public static class FakeClock
{
    private const string Library = "libfaketimeMT.so.1";

    /// <summary>Variables for a process whose clock is off by so much; none for zero.</summary>
    /// <exception cref="FederationException">BMF-1006 when libfaketime is not installed.</exception>
    public static IReadOnlyDictionary<string, string> Environment(TimeSpan offset) => offset == TimeSpan.Zero
        ? new Dictionary<string, string>()
        : new Dictionary<string, string>
        {
            ["LD_PRELOAD"] = Find(),
            ["FAKETIME"] = string.Create(CultureInfo.InvariantCulture, $"{(offset > TimeSpan.Zero ? "+" : "-")}{offset.Duration().TotalSeconds:F0}s"),
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
            ["DONT_FAKE_MONOTONIC"] = "1",
        };

    /// <summary>Whether a wrong clock can be given here.</summary>
    public static bool IsAvailable => Candidates().Any();

    private static string Find() => Candidates().FirstOrDefault()
        ?? throw ErrorCatalogue.ArgumentInvalid.With($"A fault with clock= needs {Library}; install the package faketime.");

    private static IEnumerable<string> Candidates() => ((string[])["/usr/lib", "/usr/lib64", "/usr/local/lib"])
        .Where(Directory.Exists)
        .SelectMany(lib => Directory.EnumerateDirectories(lib).Prepend(lib))
        .SelectMany(folder => (string[])[Path.Combine(folder, "faketime", Library), Path.Combine(folder, Library)])
        .Where(File.Exists);
}
