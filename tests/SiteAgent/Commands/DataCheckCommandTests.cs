using System.Diagnostics;
using System.Text.Json;

namespace BrainMVP.Federated.SiteAgent.Tests.Commands;

public sealed class DataCheckCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bmvp-check-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_usable_case_is_enough_for_exit_code_0_and_reports_are_equal_when_made_again()
    {
        await PhantomAsync();
        File.WriteAllText(Path.Combine(_folder, "data", "broken_T1.nii.gz"), "no image");
        var (code, output, error) = await RunAsync("data", "check", Path.Combine(_folder, "data"), "--out", Path.Combine(_folder, "one"), "--jobs", "2");
        Assert.True(code == 0, error);
        Assert.Contains("BMF-1103", output, StringComparison.Ordinal);
        Assert.True(output.IndexOf("broken", StringComparison.Ordinal) < output.IndexOf("north-0001", StringComparison.Ordinal), "failing cases come first");
        Assert.Contains("2 usable cases, 1 excluded (BMF-1103: 1).", output, StringComparison.Ordinal);
        Assert.Contains("  t2     2", output, StringComparison.Ordinal);
        Assert.Equal(["quality.html", "quality.json"], Directory.GetFiles(Path.Combine(_folder, "one")).Select(Path.GetFileName).Order(StringComparer.Ordinal));

        Assert.Equal(0, (await RunAsync("data", "check", Path.Combine(_folder, "data"), "--out", Path.Combine(_folder, "two"), "--jobs", "1")).Code);
        foreach (var file in new[] { "quality.html", "quality.json" })
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(_folder, "one", file)), File.ReadAllBytes(Path.Combine(_folder, "two", file)));
        }

        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, "one", "quality.json")));
        Assert.Equal(3, json.RootElement.GetProperty("cases").GetArrayLength());
    }

    [Fact]
    public async Task Without_out_nothing_is_written_and_without_a_usable_case_the_command_fails_but_the_report_is_there()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "data"));
        File.WriteAllText(Path.Combine(_folder, "data", "broken_T1.nii.gz"), "no image");
        var (code, output, error) = await RunAsync("data", "check", Path.Combine(_folder, "data"));
        Assert.Equal(20, code);
        Assert.StartsWith("BMF-1101", error, StringComparison.Ordinal);
        Assert.Contains("0 usable cases, 1 excluded", output, StringComparison.Ordinal);
        Assert.Equal(["data"], Directory.GetFileSystemEntries(_folder).Select(Path.GetFileName));

        Assert.Equal(20, (await RunAsync("data", "check", Path.Combine(_folder, "data"), "--out", Path.Combine(_folder, "out"))).Code);
        Assert.Contains("BMF-1103", await File.ReadAllTextAsync(Path.Combine(_folder, "out", "quality.json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--jobs", "0")]
    [InlineData("--out", "/dev/null/x")]
    public async Task Options_that_cannot_be_used_are_named(string option, string value)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "data"));
        File.WriteAllText(Path.Combine(_folder, "data", "broken_T1.nii.gz"), "no image");
        var (code, _, error) = await RunAsync("data", "check", Path.Combine(_folder, "data"), option, value);
        Assert.Equal(2, code);
        Assert.Contains(option, error, StringComparison.Ordinal);
    }

    private async Task PhantomAsync() => Assert.Equal(0, (await RunAsync(
        "phantom", "--out", Path.Combine(_folder, "data"), "--seed", "3", "--cases", "2", "--spacing", "4", "--modalities", "t1,t2")).Code);

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var info = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "site-agent"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(info)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
