using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.External;
using BrainMVP.Federated.Imaging.Tests.Support;

namespace BrainMVP.Federated.Imaging.Tests.External;

/// <summary>Real processes: small shell scripts, run by the shell, never written and executed at once.</summary>
public sealed class ExternalProgramTests : IDisposable
{
    private static readonly TimeSpan Plenty = TimeSpan.FromMinutes(1);
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("tool version: 3.4.5", "3.4.5")]
    [InlineData("tool version: 3.4", "3.4")]
    public async Task The_version_is_what_the_pattern_finds_whatever_the_exit_code(string printed, string version)
    {
        var found = await ExternalProgram.FindAsync(new ProgramRequirement(Tool($"echo '{printed}'; exit 3"), "--version", "version: ([0-9.]+)", new Version(3, 4)), TimeProvider.System, _cancellation);
        Assert.Equal(version, found.Version);
    }

    [Theory]
    [InlineData("echo 'tool version: 3.3.9'", "3.4 or newer")]
    [InlineData("echo 'no number'", "printed no version")]
    [InlineData("exit 1", "printed no version")]
    public async Task A_program_that_is_too_old_or_silent_is_missing_and_the_message_says_how_to_get_it(string script, string mention)
    {
        var requirement = new ProgramRequirement(Tool(script), "--version", "version: ([0-9.]+)", new Version(3, 4)) { Install = "apt-get install tool" };
        var e = await Assert.ThrowsAsync<FederationException>(() => ExternalProgram.FindAsync(requirement, TimeProvider.System, _cancellation));
        Assert.Equal(ErrorCatalogue.ProgramMissing, e.Code);
        Assert.Contains(mention, e.Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install tool", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_named()
    {
        var e = await Assert.ThrowsAsync<FederationException>(() => ExternalProgram.FindAsync(new ProgramRequirement("no-such-program-3", null, null, null), TimeProvider.System, _cancellation));
        Assert.Equal(ErrorCatalogue.ProgramMissing, e.Code);
        Assert.Contains("no-such-program-3", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_version_the_hash_of_the_file_stands_for_it()
    {
        var path = Tool("echo a");
        var before = await ExternalProgram.FindAsync(new ProgramRequirement(path, null, null, null), TimeProvider.System, _cancellation);
        File.AppendAllText(path, "echo b\n");
        var after = await ExternalProgram.FindAsync(new ProgramRequirement(path, null, null, null), TimeProvider.System, _cancellation);
        Assert.StartsWith("sha256:", before.Version, StringComparison.Ordinal);
        Assert.NotEqual(before.Version, after.Version);
    }

    [Fact]
    public async Task Arguments_arrive_as_they_are()
    {
        string[] odd = ["a b", "\"", "'", "$HOME", "`id`", "*", "", "-x", "line\nbreak", "ä;|&"];
        var result = await Shell("for a in \"$@\"; do printf '%s\\0' \"$a\"; done", odd, Plenty);
        Assert.Equal(string.Concat(odd.Select(a => a + "\0")), result.Output);
    }

    [Fact]
    public async Task After_the_time_limit_the_program_and_its_children_are_gone()
    {
        var mark = _folder.Path;
        var e = await Assert.ThrowsAsync<FederationException>(() => Shell("sleep 300 & sleep 300 & echo started >&2; wait", [], TimeSpan.FromSeconds(1), new ProgramRun(null, mark)));
        Assert.Equal(ErrorCatalogue.ProgramTimedOut, e.Code);
        Assert.Contains("started", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, OrphanedPrograms.Kill(mark));
    }

    [Fact]
    public async Task Cancelling_kills_the_program_and_its_children()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_cancellation);
        stop.CancelAfter(TimeSpan.FromSeconds(0.5));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ExternalProgram.RunAsync(
            "/bin/sh", ["-c", "sleep 300 & wait"], _folder.Path, Plenty, TimeProvider.System, stop.Token, new ProgramRun(null, _folder.Path)));
        Assert.Equal(0, OrphanedPrograms.Kill(_folder.Path));
    }

    [Fact]
    public async Task What_was_left_behind_is_found_by_its_mark_and_nothing_else_is()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Processes are found by their environment on Linux only.");
        var (mine, other) = (_folder.File("mine"), _folder.File("mine-too"));
        await Shell("sleep 300 >/dev/null 2>&1 &", [], Plenty, new ProgramRun(null, mine));
        await Shell("sleep 300 >/dev/null 2>&1 &", [], Plenty, new ProgramRun(null, other));
        Assert.Equal(1, OrphanedPrograms.Kill(mine));
        Assert.Equal(1, OrphanedPrograms.Kill(other));
    }

    [Fact]
    public async Task The_log_keeps_the_beginning_and_the_end_of_a_long_output()
    {
        var log = _folder.File("output.log");
        await Shell("echo first; i=0; while [ $i -lt 30000 ]; do echo \"line $i of a program that says very much about very little, again and again\"; i=$((i+1)); done; echo last >&2", [], Plenty, new ProgramRun(log));
        var text = await File.ReadAllTextAsync(log, _cancellation);
        Assert.InRange(text.Length, OutputLog.MaximumBytes, OutputLog.MaximumBytes + 100);
        Assert.StartsWith("first\n", text, StringComparison.Ordinal);
        Assert.Contains("bytes left out", text, StringComparison.Ordinal);
        Assert.Contains("line 29999 ", text, StringComparison.Ordinal);
        // The two streams are read side by side: a line of one may fall inside a line of the other.
        Assert.Contains("last\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_of_a_short_output_is_the_output()
    {
        var log = _folder.File("output.log");
        await Shell("echo one; echo two", [], Plenty, new ProgramRun(log));
        Assert.Equal("one\ntwo\n", await File.ReadAllTextAsync(log, _cancellation));
    }

    private Task<ProgramResult> Shell(string script, string[] arguments, TimeSpan limit, ProgramRun? run = null) =>
        ExternalProgram.RunAsync("/bin/sh", ["-c", script, "sh", .. arguments], _folder.Path, limit, TimeProvider.System, _cancellation, run);

    private string Tool(string script)
    {
        var path = _folder.File("my tool");
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }
}
