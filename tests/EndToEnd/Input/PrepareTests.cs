using System.Text.Json;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.EndToEnd.Tests.Support;

namespace BrainMVP.Federated.EndToEnd.Tests.Input;

/// <summary><c>site-agent data prepare</c> as a process, with shell scripts as the external programs.</summary>
public sealed class PrepareTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_pipeline_the_cache_is_built_from_the_original_files()
    {
        await using var folder = new TemporaryFolder();
        var data = await Phantoms.Write(folder.PathOf("data"), "north", "t1,t2", 2, _cancellation);
        var finished = (await Prepare(folder, data)).Succeeded();
        Assert.Contains("2 usable cases, 0 left out.", finished.Output, StringComparison.Ordinal);

        // A header, and for each of two people T1, T2 and a label map.
        Assert.Equal(7, (await File.ReadAllLinesAsync(folder.PathOf("out", "manifest.csv"), _cancellation)).Length);
        Assert.False(Directory.Exists(folder.PathOf("out", "volumes")));
        Assert.True(File.Exists(folder.PathOf("out", "cache", "dataset.json")));
    }

    [Fact]
    public async Task Killed_in_the_middle_of_a_step_it_leaves_no_process_and_goes_on_with_that_step()
    {
        await using var folder = new TemporaryFolder();
        var data = await Phantoms.Write(folder.PathOf("it's my \"data\""), "north", "t1", 2, _cancellation);
        var pipeline = WritePipeline(folder);
        folder.Write("wait", "");
        await using (var first = RunningProcess.Start(Programs.SiteAgent, Arguments(folder, data, "--pipeline", pipeline, "--jobs", "1")))
        {
            await Wait.Until(() => File.Exists(folder.PathOf("waiting")), () => $"The second step never began.\n{string.Join('\n', first.Output)}\n{first.Errors}", _cancellation);
            first.Send(Signals.Kill);
            await first.Finish(_cancellation);
        }

        File.Delete(folder.PathOf("wait"));
        (await Prepare(folder, data, "--pipeline", pipeline, "--jobs", "1")).Succeeded();
        folder.HoldsNoProcess();

        // Two cases with two steps; of the interrupted one only the second step ran again.
        Assert.Equal(["one", "two", "two", "one", "two"], await File.ReadAllLinesAsync(folder.PathOf("runs"), _cancellation));
        Assert.Equal(["reused", "ran"], Cases(folder)[0].GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("outcome").GetString()!));
        Assert.Empty(Directory.GetDirectories(folder.PathOf("out", "work"), ".attempt-*", SearchOption.AllDirectories));
        (await Prepare(folder, data, "--pipeline", pipeline)).Succeeded();
        Assert.Equal(5, (await File.ReadAllLinesAsync(folder.PathOf("runs"), _cancellation)).Length);
        Assert.All(Cases(folder), c => Assert.Equal("reused", c.GetProperty("outcome").GetString()));
    }

    [Fact]
    public async Task Interrupted_it_ends_its_programs_and_says_so()
    {
        await using var folder = new TemporaryFolder();
        var data = await Phantoms.Write(folder.PathOf("data"), "north", "t1", 1, _cancellation);
        folder.Write("wait", "");
        await using var process = RunningProcess.Start(Programs.SiteAgent, Arguments(folder, data, "--pipeline", WritePipeline(folder)));
        await Wait.Until(() => File.Exists(folder.PathOf("waiting")), () => $"The second step never began.\n{process.Errors}", _cancellation);
        process.Send(Signals.Interrupt);
        (await process.Finish(_cancellation)).FailedWith(ErrorCatalogue.Cancelled);
        folder.HoldsNoProcess();
    }

    [Fact]
    public async Task Wrong_pipelines_programs_and_arguments_are_numbered_errors()
    {
        await using var folder = new TemporaryFolder();
        var data = await Phantoms.Write(folder.PathOf("data"), "north", "t1", 1, _cancellation);
        (await Prepare(folder, data, "--pipeline", folder.Write("a.yaml", "threads: 1\nstages: []"))).FailedWith(ErrorCatalogue.PipelineInvalid, "line 2", "stages");
        (await Prepare(folder, data, "--pipeline", folder.PathOf("none.yaml"))).FailedWith(ErrorCatalogue.PipelineInvalid, "none.yaml", "elastix");
        var missing = (await File.ReadAllTextAsync(WritePipeline(folder), _cancellation)).Replace("/bin/sh", "no-such-program-7", StringComparison.Ordinal);
        (await Prepare(folder, data, "--pipeline", folder.Write("b.yaml", missing))).FailedWith(ErrorCatalogue.ProgramMissing, "no-such-program-7");
        (await Prepare(folder, data, "--jobs", "-1")).FailedWith(ErrorCatalogue.ArgumentInvalid, "--jobs");
        (await RunningProcess.Run(Programs.SiteAgent, ["data", "prepare", data], _cancellation)).FailedWith(ErrorCatalogue.ArgumentInvalid, "--out");
        (await RunningProcess.Run(Programs.SiteAgent, ["data", "prepare", "--example", "freesurfer"], _cancellation)).FailedWith(ErrorCatalogue.ArgumentInvalid, "synthstrip");
        var example = (await RunningProcess.Run(Programs.SiteAgent, ["data", "prepare", "--example", "synthstrip"], _cancellation)).Succeeded();
        Assert.Contains("program: mri_synthstrip", example.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_elastix_pipeline_prepares_raw_sessions()
    {
        const string variable = "BRAINMVP_TEST_ELASTIX";
        var raw = Environment.GetEnvironmentVariable(variable);
        Assert.SkipWhen(string.IsNullOrEmpty(raw), $"Takes minutes and needs elastix: set {variable} to a CSV manifest of raw whole heads on different grids.");
        await using var folder = new TemporaryFolder();
        await using var process = RunningProcess.Start(Programs.SiteAgent, Arguments(folder, raw!, "--pipeline", "elastix"));
        while (!process.HasExited)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), _cancellation);
        }

        (await process.Finish(_cancellation)).Succeeded();
        Assert.All(Cases(folder), c =>
        {
            Assert.Equal("prepared", c.GetProperty("outcome").GetString());
            Assert.InRange(c.GetProperty("brainMillilitres").GetDouble(), 1000, 1800);
            Assert.InRange(c.GetProperty("atlasOverlap").GetDouble(), 0.8, 1);
            Assert.All(c.GetProperty("overlaps").EnumerateArray(), o => Assert.InRange(o.GetProperty("dice").GetDouble(), 0.94, 1));
        });
    }

    private static string[] Arguments(TemporaryFolder folder, string data, params string[] more) => ["data", "prepare", data, "--out", folder.PathOf("out"), .. more];

    private Task<Finished> Prepare(TemporaryFolder folder, string data, params string[] more) => RunningProcess.Run(Programs.SiteAgent, Arguments(folder, data, more), _cancellation);

    private static JsonElement[] Cases(TemporaryFolder folder) => [.. JsonDocument.Parse(File.ReadAllText(folder.PathOf("out", "prepare.json"))).RootElement.GetProperty("cases").EnumerateArray()];

    /// <summary>Two steps that copy and count; the second waits, with a child, as long as a file is there.</summary>
    private static string WritePipeline(TemporaryFolder folder)
    {
        folder.Write("one.sh", "echo one >> \"$1/runs\"; cp \"$2\" \"$3\"");
        folder.Write("two.sh", "echo two >> \"$1/runs\"; if [ -e \"$1/wait\" ]; then touch \"$1/waiting\"; sh \"$1/child.sh\" & wait; fi; cp \"$2\" \"$3\"");
        folder.Write("child.sh", "sleep 300; true");
        return folder.Write("pipeline.yaml", """
            steps:
              - name: one
                kind: command
                program: /bin/sh
                arguments: ["{pipeline}/one.sh", "{pipeline}", "{in}", "{out}"]
                output: one.nii.gz
                gives: image
              - name: two
                kind: command
                program: /bin/sh
                arguments: ["{pipeline}/two.sh", "{pipeline}", "{in}", "{out}"]
                output: two.nii.gz
                gives: image
            """);
    }
}
