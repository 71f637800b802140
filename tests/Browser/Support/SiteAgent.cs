using System.Diagnostics;

namespace BrainMVP.Federated.Browser.Tests.Support;

/// <summary>The real executable, built in the same configuration as the tests.</summary>
internal static class SiteAgent
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>REPOSITORY/tests/Browser/bin/CONFIGURATION/FRAMEWORK/</summary>
    private static readonly DirectoryInfo Framework = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    /// <summary>Runs a command to its end, which must be a good one.</summary>
    public static async Task Run(CancellationToken cancellation, params string[] arguments)
    {
        var path = Path.Combine(
            Framework.Parent!.Parent!.Parent!.Parent!.Parent!.FullName, "site-agent", "bin", Framework.Parent.Name, Framework.Name, "linux-x64", "site-agent");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Longest);
        using var process = Process.Start(new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
            Assert.True(process.ExitCode == 0, $"site-agent {string.Join(' ', arguments)} ended with {process.ExitCode}.\n{await output}\n{await errors}");
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
