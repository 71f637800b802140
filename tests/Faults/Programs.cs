using System.Diagnostics;

namespace BrainMVP.Federated.Faults;

/// <summary>The executables, built in the same configuration as this program.</summary>
internal static class Programs
{
    /// <summary>REPOSITORY/tests/Faults/bin/CONFIGURATION/FRAMEWORK/</summary>
    private static readonly DirectoryInfo Framework = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    private static readonly string Repository = Framework.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;

    public static string Aggregator { get; } = Find("aggregator", "linux-x64", "aggregator");

    public static string SiteAgent { get; } = Find("site-agent", "linux-x64", "site-agent");

    public static string Simulation { get; } = Find(Path.Combine("deploy", "simulation"), "", "simulation");

    /// <summary>Runs a command to its end: exit code and everything it printed.</summary>
    public static async Task<(int Code, string Text)> Run(string file, IEnumerable<string> arguments, TimeSpan limit, CancellationToken cancellation)
    {
        using var process = new Process { StartInfo = new ProcessStartInfo(file, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true } };
        process.Start();
        process.StandardInput.Close();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(limit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var errors = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return (process.ExitCode, await output + await errors);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (-1, $"{file} took longer than {limit.TotalSeconds:F0} s.");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static string Find(string project, string runtime, string name)
    {
        var path = Path.Combine(Repository, project, "bin", Framework.Parent!.Name, Framework.Name, runtime, name);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{name} was not built in configuration {Framework.Parent.Name}.", path);
    }
}
