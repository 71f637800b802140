using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Imaging.External;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.External;

/// <summary>Whole pipelines of small real programs (cp and shell scripts) over small volumes.</summary>
public sealed class ExternalPreparationTests : IDisposable
{
    private const int Size = 24;
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private readonly TemporaryFolder _folder = new();

    public ExternalPreparationTests()
    {
        // Names that a shell would take apart.
        Tools = _folder.File("it's a \"folder\"/x");
        Tools = Path.GetDirectoryName(Tools)!;
        Put("atlas/head.nii.gz", Make.Ball(Size, 9));
        Put("atlas/mask.nii.gz", Changed(Make.Ball(Size, 7), v => v > 0 ? 1 : 0));
        WriteTransform("half.txt", -0.5);
        WriteTransform("none.txt", 0);
        WriteScript("copy.sh", "cp \"$1\" \"$2\"");
    }

    private string Tools { get; }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task All_transforms_together_are_one_interpolation_and_labels_keep_their_values()
    {
        // The second series lies half a voxel off the first, and the first half a voxel off the atlas: together a whole voxel, and no blur.
        var scanned = Case("p1", "s 1", Make.Ball(Size, 8), Make.Ball(Size, 8, shift: (0.5, 0, 0))) with { Class = "b", Segmentation = File("p1/seg", Make.Volume(Size, Size, Size, (i, _, _) => i == 12 ? 4 : 0)) };
        var report = await Prepare([scanned], Register("half.txt") + Strip("mask") + AtlasStep("half.txt"));
        Assert.Equal(("prepared", "t1"), (report.Cases[0].Outcome, report.Cases[0].Reference));

        var source = NiftiReader.Read(scanned.Series["t2"].Path);
        var (t1, t2, mask, seg) = (Read("p1_s 1", "T1"), Read("p1_s 1", "T2"), Read("p1_s 1", "mask"), Read("p1_s 1", "seg"));
        for (var i = 2; i < Size - 2; i++)
        {
            Assert.Equal(mask[i, 12, 12] > 0 ? source[i + 1, 12, 12] : 0, t2[i, 12, 12]);
        }

        Assert.Equal([0f, 4f], seg.Voxels.Distinct().Order());
        Assert.All(t1.Voxels.Zip(mask.Voxels), v => Assert.True(v.Second != 0 || v.First == 0));
        Assert.Equal(mask.Voxels.Sum() / 1000, report.Cases[0].BrainMillilitres!.Value, 0.1);

        var rows = await System.IO.File.ReadAllLinesAsync(Out("manifest.csv"), _cancellation);
        Assert.Equal(ManifestWriter.Header, rows[0]);
        Assert.Equal(["t1", "t2", "seg"], rows[1..].Select(r => r.Split(',')[2]));
        Assert.All(rows[1..], r => Assert.True(r.StartsWith("p1,s 1,", StringComparison.Ordinal) && r.Contains(",accepted,b,", StringComparison.Ordinal), r));
    }

    [Fact]
    public async Task Nothing_runs_twice_unless_an_input_a_command_or_a_program_changed_or_an_output_is_damaged()
    {
        WriteScript("count.sh", "echo run >> \"$0.count\"; cp \"$1\" \"$2\"");
        var counter = Path.Combine(Tools, "count.sh.count");
        var command = """
              - name: filter
                kind: command
                program: /bin/sh
                arguments: ["{pipeline}/count.sh", "{in}", "{out}"]
                output: filtered.nii.gz
                gives: image

            """;
        var cases = new[] { Case("a", "", Make.Ball(Size, 8), Make.Ball(Size, 8)), Case("b", "", Make.Ball(Size, 9), null) };
        int Count() => System.IO.File.Exists(counter) ? System.IO.File.ReadAllLines(counter).Length : 0;

        Assert.Equal(["prepared", "prepared"], await Outcomes());
        Assert.Equal(3, Count());
        Assert.Equal(["reused", "reused"], await Outcomes());
        Assert.Equal(3, Count());
        Assert.DoesNotContain(Directory.GetFiles(Out("work"), "*.nii.gz", SearchOption.AllDirectories), f => !f.Contains("/atlas/", StringComparison.Ordinal));

        // A final volume was damaged: the case is prepared again.
        var damaged = Out("volumes/b/b_T1.nii.gz");
        var bytes = System.IO.File.ReadAllBytes(damaged);
        System.IO.File.WriteAllBytes(damaged, bytes[..^1]);
        Assert.Equal(["reused", "prepared"], await Outcomes());
        Assert.Equal(4, Count());
        Assert.Equal(bytes, System.IO.File.ReadAllBytes(damaged));

        // An input changed, then the script itself, then the command.
        cases[1] = Case("b", "", Make.Ball(Size, 7), null);
        Assert.Equal(["reused", "prepared"], await Outcomes());
        Assert.Equal(5, Count());
        WriteScript("count.sh", "echo run >> \"$0.count\"; cat \"$1\" > \"$2\"");
        Assert.Equal(["prepared", "prepared"], await Outcomes());
        Assert.Equal(8, Count());
        command = command.Replace("filtered", "other", StringComparison.Ordinal);
        Assert.Equal(["prepared", "prepared"], await Outcomes());
        Assert.Equal(11, Count());

        async Task<string[]> Outcomes() => [.. (await Prepare(cases, command)).Cases.Select(c => c.Outcome)];
    }

    [Fact]
    public async Task With_kept_work_a_finished_step_is_found_again_when_a_later_one_failed()
    {
        WriteScript("count.sh", "echo run >> \"$0.count\"; cp \"$1\" \"$2\"");
        var counter = Path.Combine(Tools, "count.sh.count");
        var steps = Register("half.txt").Replace("program: /bin/cp", "program: /bin/sh", StringComparison.Ordinal)
            .Replace("arguments: [\"{pipeline}/half.txt\", \"{out}\"]", "arguments: [\"{pipeline}/count.sh\", \"{pipeline}/half.txt\", \"{out}\"]", StringComparison.Ordinal);
        ScannedCase[] cases = [Case("a", "", Make.Ball(Size, 8), Make.Ball(Size, 8, shift: (0.5, 0, 0)))];
        WriteScript("flaky.sh", "exit 7");
        var strip = Script(Strip("mask"), "flaky.sh");
        await Assert.ThrowsAsync<FederationException>(() => Prepare(cases, steps + strip));
        WriteScript("flaky.sh", "cp \"$1\" \"$2\"");
        var report = await Prepare(cases, steps + strip);
        Assert.Equal(["reused", "ran"], report.Cases[0].Steps.Select(s => s.Outcome));
        Assert.Single(System.IO.File.ReadAllLines(counter));
    }

    [Theory]
    [InlineData("echo oh no >&2; exit 7", "BMF-1115", "exit code 7. oh no")]
    [InlineData("sleep 100", "BMF-1116", "longer than 2 s")]
    [InlineData("true", "BMF-1118", "was not written")]
    [InlineData("head -c 400 \"$1\" > \"$2\"", "BMF-1118", "BMF-1102")]
    [InlineData("echo hello > \"$2\"", "BMF-1118", "BMF-1103")]
    [InlineData("cp \"$0.nan\" \"$2\"", "BMF-1118", "NaN")]
    [InlineData("cp \"$0.grid\" \"$2\"", "BMF-1118", "grid")]
    [InlineData("cp \"$0.empty\" \"$2\"", "BMF-1118", "0.0 %")]
    [InlineData("cp \"$0.full\" \"$2\"", "BMF-1118", "100.0 %")]
    [InlineData("cp \"$0.grey\" \"$2\"", "BMF-1118", "no mask")]
    public async Task A_case_whose_step_fails_is_excluded_with_the_reason_and_the_others_go_on(string script, string error, string reason)
    {
        var mask = NiftiReader.Read(_folder.File("atlas/mask.nii.gz"));
        Put($"{Tools}/strip.sh.nan", Changed(mask, v => v > 0 ? float.NaN : 0));
        Put($"{Tools}/strip.sh.grid", new Volume(mask.Shape, mask.Affine.MovedTo(1, 0, 0), mask.Voxels));
        Put($"{Tools}/strip.sh.empty", Changed(mask, _ => 0));
        Put($"{Tools}/strip.sh.full", Changed(mask, _ => 1));
        Put($"{Tools}/strip.sh.grey", Make.Ball(Size, 9));
        WriteScript("strip.sh", $"case \"$3\" in bad*) {script};; *) cp \"$1\" \"$2\";; esac");
        foreach (var kind in (string[])["nan", "grid", "empty", "full", "grey"])
        {
            System.IO.File.Move(Path.Combine(Tools, $"strip.sh.{kind}.nii"), Path.Combine(Tools, $"strip.sh.{kind}"));
        }

        var strip = Script(Strip("mask"), "strip.sh").Replace("\"{out}\"]", "\"{out}\", \"{case}\"]", StringComparison.Ordinal).Replace("mask.nii.gz", "mask.nii", StringComparison.Ordinal) + "    timeout: 2\n";
        Put("atlas/plain.nii", mask);
        strip = strip.Replace("{atlasMask}", _folder.File("atlas/plain.nii"), StringComparison.Ordinal);
        var report = await Prepare([Case("bad", "", Make.Ball(Size, 9), null), Case("good", "", Make.Ball(Size, 9), null)], strip);
        Assert.Equal(("excluded", error), (report.Cases[0].Outcome, report.Cases[0].Error));
        Assert.Contains(reason, report.Cases[0].Reason, StringComparison.Ordinal);
        Assert.Equal("failed", Assert.Single(report.Cases[0].Steps).Outcome);
        Assert.Equal("prepared", report.Cases[1].Outcome);
        Assert.True(System.IO.File.Exists(Out("work/bad/step-01-brain.failed/output.log")));
        Assert.False(Directory.Exists(Out("volumes/bad")));
        Assert.DoesNotContain("bad", await System.IO.File.ReadAllTextAsync(Out("manifest.csv"), _cancellation), StringComparison.Ordinal);
        Assert.Equal(report.Cases.Select(c => c.Error), CanonicalJson.Read<PreparationReport>(System.IO.File.ReadAllBytes(Out("prepare.json"))).Cases.Select(c => c.Error));
    }

    [Fact]
    public async Task A_registration_that_does_not_fit_excludes_the_case()
    {
        WriteTransform("far.txt", 9);
        var e = await Assert.ThrowsAsync<FederationException>(() => Prepare([Case("a", "", Make.Ball(Size, 8), Make.Ball(Size, 8))], Register("far.txt")));
        Assert.Equal(ErrorCatalogue.NoUsableCase, e.Code);
        Assert.Contains("BMF-1107", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_program_stops_everything_before_the_first_case()
    {
        var e = await Assert.ThrowsAsync<FederationException>(() => Prepare([Case("a", "", Make.Ball(Size, 8), null)], Strip("mask").Replace("/bin/cp", "no-such-program-3", StringComparison.Ordinal)));
        Assert.Equal(ErrorCatalogue.ProgramMissing, e.Code);
        Assert.False(Directory.Exists(Out("work/a")));
    }

    [Fact]
    public async Task A_program_that_no_case_needs_may_be_missing() =>
        Assert.Equal("prepared", (await Prepare([Case("a", "", Make.Ball(Size, 8), null)], Register("half.txt").Replace("/bin/cp", "no-such-program-3", StringComparison.Ordinal) + Strip("mask"))).Cases[0].Outcome);

    [Fact]
    public async Task Cases_that_differ_only_in_odd_characters_do_not_share_a_folder()
    {
        string[] names = ["a/b", "a:b", "..", "-rf", "it's \"it\"", "ä b"];
        var report = await Prepare([.. names.Select((n, at) => Case(n, "", Make.Ball(Size, 8), null, at))], Strip("mask"));
        Assert.All(report.Cases, c => Assert.Equal("prepared", c.Outcome));
        Assert.Equal(names.Length, Directory.GetDirectories(Out("volumes")).Length);
        Assert.Equal(names.Order(StringComparer.Ordinal), report.Cases.Select(c => c.Subject));
    }

    [Fact]
    public async Task Without_steps_the_manifest_names_the_original_files()
    {
        var scanned = Case("a", "s", Make.Ball(Size, 8), null);
        await Prepare([scanned], "");
        Assert.Contains(scanned.Series["t1"].Path, await System.IO.File.ReadAllTextAsync(Out("manifest.csv"), _cancellation), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Out("volumes")));
    }

    private Task<PreparationReport> Prepare(IReadOnlyList<ScannedCase> cases, string steps)
    {
        var text = $"minimumOverlap: 0.5\natlasImage: '{_folder.File("atlas/head.nii.gz")}'\natlasMask: '{_folder.File("atlas/mask.nii.gz")}'\n{(steps.Length > 0 ? "steps:\n" : "")}{steps}";
        System.IO.File.WriteAllText(Path.Combine(Tools, "pipeline.yaml"), text);
        var options = new PreparationOptions { Pipeline = PipelineReader.ReadFile(Path.Combine(Tools, "pipeline.yaml")), Folder = Out("."), Jobs = 2 };
        return new ExternalPreparation(options, TimeProvider.System).RunAsync(new ScanResult(cases, [], []), _cancellation);
    }

    private static string Register(string transform) => $$"""
          - name: coregister
            kind: register
            program: /bin/cp
            arguments: ["{pipeline}/{{transform}}", "{out}"]
            output: t.txt
            gives: transform

        """;

    private static string Strip(string gives) => $$"""
          - name: brain
            kind: strip
            program: /bin/cp
            arguments: ["{atlasMask}", "{out}"]
            output: mask.nii.gz
            gives: {{gives}}

        """;

    private static string AtlasStep(string transform) => Register(transform).Replace("coregister", "atlas", StringComparison.Ordinal).Replace("kind: register", "kind: atlas", StringComparison.Ordinal);

    /// <summary>The same step by a script of the pipeline's folder.</summary>
    private static string Script(string step, string script) =>
        step.Replace("program: /bin/cp", "program: /bin/sh", StringComparison.Ordinal).Replace("arguments: [", $"arguments: [\"{{pipeline}}/{script}\", ", StringComparison.Ordinal);

    private void WriteScript(string name, string text) => System.IO.File.WriteAllText(Path.Combine(Tools, name), text + "\n");

    /// <summary>A shift along the first axis: R in the world, so −L.</summary>
    private void WriteTransform(string name, double left) => System.IO.File.WriteAllText(
        Path.Combine(Tools, name),
        FormattableString.Invariant($"(Transform \"TranslationTransform\")\n(TransformParameters {left} 0 0)\n(InitialTransformParametersFileName \"NoInitialTransform\")\n"));

    private ScannedCase Case(string subject, string session, Volume t1, Volume? t2, int number = 0)
    {
        var series = new OrderedDictionary<string, SeriesFile>(StringComparer.Ordinal) { ["t1"] = File($"in {number}/{session}{(subject.Length == 1 ? subject : "")}T1", t1) };
        if (t2 is not null)
        {
            series["t2"] = File($"in {number}/{session}{(subject.Length == 1 ? subject : "")}T2", t2);
        }

        return new ScannedCase(subject, series) { Session = session };
    }

    private SeriesFile File(string name, Volume volume) => new(Put($"data/{name}.nii.gz", volume));

    private string Put(string name, Volume volume)
    {
        var path = Path.IsPathRooted(name) ? name + ".nii" : _folder.File(name);
        NiftiWriter.Write(path, volume);
        return path;
    }

    private static Volume Changed(Volume volume, Func<float, float> value) => new(volume.Shape, volume.Affine, Array.ConvertAll(volume.Voxels, v => value(v)));

    private string Out(string name) => Path.GetFullPath(Path.Combine(_folder.Path, "it's out", name));

    private Volume Read(string name, string what) => NiftiReader.Read(Out($"volumes/{name}/{name}_{what}.nii.gz"));
}
