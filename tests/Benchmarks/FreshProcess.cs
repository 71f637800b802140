using System.Diagnostics;
using System.Globalization;

namespace BrainMVP.Federated.Benchmarks;

/// <summary>Runs a measurement in a process of its own: memory once taken is not always given back to the system.</summary>
internal static class FreshProcess
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(60);

    /// <summary>Starts this program again; it is talked to over its standard input and output.</summary>
    public static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(FreshProcess).Assembly.Location);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    /// <returns>The numbers on the line that the process prints; null when it failed.</returns>
    public static double[]? Run(params string[] arguments)
    {
        using var child = Start(arguments);
        using var late = new CancellationTokenSource(Deadline);
        using var kill = late.Token.Register(() => child.Kill());
        var line = child.StandardOutput.ReadToEnd().Trim();
        child.WaitForExit();
        if (child.ExitCode != 0)
        {
            Console.WriteLine($"  The process \"{string.Join(' ', arguments)}\" ended with {child.ExitCode}.");
            return null;
        }

        return [.. line.Split(' ').Select(v => double.Parse(v, CultureInfo.InvariantCulture))];
    }
}
