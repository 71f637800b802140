using System.Diagnostics;
using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.Phantom;
using BrainMVP.Federated.SiteAgent.Trainer;

namespace BrainMVP.Federated.SiteAgent.Tests.Trainer;

/// <summary>The real executable as a child process.</summary>
public sealed class TrainerProcessTests : IDisposable
{
    private static readonly string Executable = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "site-agent.exe" : "site-agent");
    private static readonly TrainerLimits Generous = new(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5));
    private readonly TemporarySite _site = new();

    private TrainerJob PrepareJob => new()
    {
        Task = TrainerTask.Prepare,
        Plan = Presets.Create(Presets.Demo),
        Site = "north",
        DataPath = _site.PathOf("data"),
        DataFolder = _site.PathOf("cache"),
        JobFolder = _site.PathOf("job"),
    };

    [Fact]
    public async Task A_job_gives_its_result_once_and_reports_its_progress()
    {
        PhantomDataset.Write(_site.PathOf("data"), new PhantomRequest { Seed = 1, Site = "north", Scanner = "north", Modalities = ["t1", "t2"], Cases = 2, SpacingMm = 4 }, cancellation: TestContext.Current.CancellationToken);
        var lines = new List<TrainerLine>();
        var trainer = new TrainerProcess(TimeProvider.System, Executable);
        var first = await trainer.RunAsync(PrepareJob, Generous, lines.Add, TestContext.Current.CancellationToken);
        var summary = CanonicalJson.Read<PreparedSummary>(first);
        Assert.Equal(2, summary.Profile.Cases);
        Assert.Equal(new Dictionary<string, int> { ["t1"] = 2, ["t2"] = 2 }, summary.Profile.CasesByModality);
        Assert.Contains(lines, l => l is { Phase: "prepare", Done: 2, Total: 2 });

        // Without its data the job could not run again: the result on disk is what answers.
        Directory.Delete(_site.PathOf("data"), recursive: true);
        Assert.Equal(first, await trainer.RunAsync(PrepareJob, Generous, lines.Add, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public async Task A_second_job_runs_in_the_process_of_the_first_unless_it_died_meanwhile(bool dies, int starts)
    {
        PhantomDataset.Write(_site.PathOf("data"), new PhantomRequest { Seed = 1, Site = "north", Scanner = "north", Modalities = ["t1", "t2"], Cases = 1, SpacingMm = 4 }, cancellation: TestContext.Current.CancellationToken);
        var (program, processes) = (_site.PathOf("counted.sh"), _site.PathOf("processes"));
        WriteProgram(program, $"echo $$ >> {processes}\nexec {Executable} \"$@\"\n");
        var trainer = new TrainerProcess(TimeProvider.System, program);
        var first = await trainer.RunAsync(PrepareJob, Generous, _ => { }, TestContext.Current.CancellationToken);
        if (dies)
        {
            using var child = Process.GetProcessById(int.Parse(File.ReadAllLines(processes)[0], CultureInfo.InvariantCulture));
            child.Kill();
            await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var lines = new List<TrainerLine>();
        var second = await trainer.RunAsync(PrepareJob with { JobFolder = _site.PathOf("job2"), DataFolder = _site.PathOf("cache2") }, Generous, lines.Add, TestContext.Current.CancellationToken);
        Assert.Equal(first, second);
        Assert.Contains(lines, l => l is { Phase: "prepare", Done: 1, Total: 1 });
        Assert.DoesNotContain(lines, l => l.Phase == TrainerMain.Ended);
        Assert.Equal(starts, File.ReadAllLines(processes).Length);
    }

    [Fact]
    public async Task After_a_job_that_failed_the_next_one_has_a_new_process()
    {
        var (program, processes) = (_site.PathOf("counted.sh"), _site.PathOf("processes"));
        WriteProgram(program, $"echo $$ >> {processes}\nexec {Executable} \"$@\"\n");
        var trainer = new TrainerProcess(TimeProvider.System, program);
        await Assert.ThrowsAsync<FederationException>(() => trainer.RunAsync(PrepareJob, Generous, _ => { }, TestContext.Current.CancellationToken));
        PhantomDataset.Write(_site.PathOf("data"), new PhantomRequest { Seed = 1, Site = "north", Scanner = "north", Modalities = ["t1", "t2"], Cases = 1, SpacingMm = 4 }, cancellation: TestContext.Current.CancellationToken);
        await trainer.RunAsync(PrepareJob, Generous, _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(2, File.ReadAllLines(processes).Length);
    }

    [Fact]
    public async Task What_a_report_of_progress_throws_ends_the_job()
    {
        PhantomDataset.Write(_site.PathOf("data"), new PhantomRequest { Seed = 1, Site = "north", Scanner = "north", Modalities = ["t1"], Cases = 1, SpacingMm = 4 }, cancellation: TestContext.Current.CancellationToken);
        var trainer = new TrainerProcess(TimeProvider.System, Executable);
        await Assert.ThrowsAsync<InvalidOperationException>(() => trainer.RunAsync(PrepareJob, Generous, _ => throw new InvalidOperationException(), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_numbered_error_of_the_child_reaches_the_parent()
    {
        var e = await Assert.ThrowsAsync<FederationException>(() => new TrainerProcess(TimeProvider.System, Executable).RunAsync(PrepareJob, Generous, _ => { }, TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCatalogue.DataFolderMissing, e.Code);
        Assert.Contains("BMF-1110", await File.ReadAllTextAsync(_site.PathOf("job/trainer.log"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_child_that_keeps_crashing_is_given_up()
    {
        Assert.SkipUnless(File.Exists("/bin/false"), "There is no /bin/false here.");
        var e = await Assert.ThrowsAsync<FederationException>(() => new TrainerProcess(TimeProvider.System, "/bin/false").RunAsync(PrepareJob, Generous, _ => { }, TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCatalogue.TrainerCrashed, e.Code);
    }

    [Fact]
    public async Task A_child_without_progress_is_ended()
    {
        var silent = SilentProgram();
        var limits = new TrainerLimits(TimeSpan.FromMilliseconds(300), TimeSpan.FromMinutes(5));
        var e = await Assert.ThrowsAsync<FederationException>(() => new TrainerProcess(TimeProvider.System, silent).RunAsync(PrepareJob, limits, _ => { }, TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCatalogue.TrainerTimedOut, e.Code);
    }

    [Fact]
    public async Task Cancelling_ends_the_child()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        stop.CancelAfter(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new TrainerProcess(TimeProvider.System, SilentProgram()).RunAsync(PrepareJob, Generous, _ => { }, stop.Token));
    }

    [Fact]
    public async Task The_child_ends_when_its_leash_is_cut()
    {
        // A pipe instead of a folder: the scan of the manifest blocks until somebody writes, which nobody does.
        Assert.SkipUnless(File.Exists("/usr/bin/mkfifo"), "There is no mkfifo here.");
        using (var make = Process.Start("/usr/bin/mkfifo", _site.PathOf("data")))
        {
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        DurableFile.WriteAllBytes(_site.PathOf("job.json"), CanonicalJson.Serialize(PrepareJob));
        var info = new ProcessStartInfo(Executable, ["trainer", "--job", _site.PathOf("job.json")]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        using var child = Process.Start(info)!;
        Assert.Contains("prepare", await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.False(child.HasExited);
        child.StandardInput.Close();
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.NotEqual(0, child.ExitCode);
    }

    public void Dispose() => _site.Dispose();

    /// <summary>A program that says nothing and does not end.</summary>
    private string SilentProgram()
    {
        var path = _site.PathOf("silent.sh");
        WriteProgram(path, "exec sleep 600\n");
        return path;
    }

    private static void WriteProgram(string path, string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a Unix shell.");
        File.WriteAllText(path, "#!/bin/sh\n" + script);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
