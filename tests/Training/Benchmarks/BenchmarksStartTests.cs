using System.Diagnostics;

namespace BrainMVP.Federated.Training.Tests.Benchmarks;

public sealed class BenchmarksStartTests
{
    [Fact]
    public async Task The_benchmarks_start_and_explain_themselves()
    {
        // .../tests/Training/bin/CONFIGURATION/FRAMEWORK/RUNTIME/ has a sibling of the benchmarks.
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var parts = new[] { here.Parent!.Parent!.Name, here.Parent.Name, here.Name };
        var tests = here.Parent.Parent.Parent!.Parent!.Parent!.FullName;
        var assembly = Path.Combine([tests, "Benchmarks", "bin", .. parts, "benchmarks.dll"]);
        using var process = Process.Start(new ProcessStartInfo("dotnet", [assembly, "--help"]) { RedirectStandardOutput = true })!;
        using var late = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        late.CancelAfter(TimeSpan.FromMinutes(1));
        var text = await process.StandardOutput.ReadToEndAsync(late.Token);
        await process.WaitForExitAsync(late.Token);
        Assert.Equal(0, process.ExitCode);
        Assert.All(new[] { "step", "parts", "memory", "--quick" }, word => Assert.Contains(word, text, StringComparison.Ordinal));
    }
}
