using System.Globalization;

namespace BrainMVP.Federated.Benchmarks;

/// <summary>Numbers and verdicts as the measurements print them.</summary>
internal static class Printed
{
    public static string Text(double value, int digits) => value.ToString("F" + digits, CultureInfo.InvariantCulture);

    /// <summary>Prints whether a target is met, and answers it.</summary>
    public static bool Verdict(string what, bool passed)
    {
        Console.WriteLine($"{what}: {(passed ? "target met" : "TARGET MISSED")}");
        return passed;
    }
}
