using System.Diagnostics;
using BrainMVP.Federated.SiteAgent.Commands;

namespace BrainMVP.Federated.SiteAgent.Tests.Commands;

public sealed class CommandLineTests
{
    [Fact]
    public void Every_command_has_a_description_and_examples()
    {
        var root = SiteAgentCommands.Create();
        var pending = new Queue<System.CommandLine.Command>(root.Subcommands);
        var seen = 0;
        while (pending.TryDequeue(out var command))
        {
            seen++;
            var withExamples = Assert.IsType<CommandWithExamples>(command);
            Assert.NotEmpty(withExamples.Examples);
            Assert.False(string.IsNullOrWhiteSpace(command.Description));
            foreach (var example in withExamples.Examples)
            {
                Assert.Empty(root.Parse(example).Errors);
            }

            foreach (var sub in command.Subcommands)
            {
                pending.Enqueue(sub);
            }
        }

        Assert.True(seen > 15);
    }

    [Theory]
    [InlineData(2, "BMF-1006", "enroll", "https://a:1")]
    [InlineData(2, "BMF-1006", "nonsense")]
    [InlineData(2, "BMF-1006", "enroll", "ftp://a", "bmf1.x")]
    [InlineData(30, "BMF-1201", "enroll", "https://a:1", "not-a-token")]
    [InlineData(11, "BMF-1010", "run")]
    [InlineData(11, "BMF-1010", "status")]
    [InlineData(11, "BMF-1010", "audit", "verify")]
    [InlineData(20, "BMF-1110", "data", "check", "/nowhere/at/all")]
    [InlineData(10, "BMF-1001", "model", "init", "/nowhere/plan.yaml", "--out", "/nowhere/model")]
    [InlineData(2, "BMF-1006", "phantom", "--out", "x", "--seed", "-1")]
    [InlineData(2, "BMF-1006", "phantom", "--out", "x", "--layout", "isles", "--disease", "ms")]
    [InlineData(2, "BMF-1006", "phantom", "--out", "/proc/none/x", "--cases", "1")]
    [InlineData(40, "BMF-1301", "plans", "show", "123456")]
    public async Task A_wrong_use_ends_with_its_number_and_exit_code(int exitCode, string number, params string[] arguments)
    {
        using var site = new TemporarySite();
        var (code, _, error) = await RunAsync([.. arguments, "--dir", site.Folder.Root]);
        Assert.Equal(exitCode, code);
        Assert.StartsWith(number, error, StringComparison.Ordinal);
        Assert.Contains("What to do:", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_policy_is_written_once_and_shown()
    {
        using var site = new TemporarySite();
        Assert.Equal(0, (await RunAsync(["policy", "init", "--minimum-cohort", "7", "--dir", site.Folder.Root])).Code);
        Assert.Equal(2, (await RunAsync(["policy", "init", "--dir", site.Folder.Root])).Code);
        var (code, output, _) = await RunAsync(["policy", "show", "--dir", site.Folder.Root]);
        Assert.Equal(0, code);
        Assert.Contains("minimumCohort: 7", output, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string[] arguments)
    {
        var info = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "site-agent"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(info)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
