using System.Text.Json;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Phantom;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Quality;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.Quality;

public sealed class DatasetInspectorTests : IDisposable
{
    private static readonly ImagingPlan Plan = new() { SpacingMm = 4, Canvas = [60, 60, 40] };
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_seven_misaligned_public_pairs_and_no_other_are_excluded_and_no_head_counts_as_stripped()
    {
        var report = Inspect(TestData.Require("nichart-demo"));
        Assert.Equal(["Subj15", "Subj20", "Subj23", "Subj3", "Subj5", "Subj6", "Subj8"], report.Cases.Where(c => !c.Usable).Select(c => c.Subject));
        Assert.All(report.Cases.Where(c => !c.Usable), c => Assert.Equal("BMF-1107", Assert.Single(c.Reasons).Code));
        Assert.Equal(23, report.Cases.Count);
        Assert.All(report.Cases, c => Assert.All(c.Modalities.Values, m => Assert.False(m.SkullStripped)));

        // The limits lie in gaps, not beside a pair.
        Assert.All(report.Cases.SelectMany(c => c.Alignment), a => Assert.True(a.Aligned ? a.DisplacementMm < 5 && a.Gain < 0.25 : a.DisplacementMm > 9 && a.Gain > 0.9));
    }

    [Fact]
    public void Public_stripped_brains_are_usable_without_a_warning()
    {
        var report = Inspect(TestData.Require("open-ms-mni"));
        Assert.Equal(3, report.Summary.Usable);
        Assert.All(report.Cases, c => Assert.Empty(c.Warnings));
        Assert.All(report.Cases, c => Assert.All(c.Modalities.Values, m => Assert.True(m.SkullStripped)));
        Assert.Equal(9, report.Cases.SelectMany(c => c.Alignment).Count(a => a.Aligned && a.DisplacementMm == 0));
    }

    [Fact]
    public void Thick_slice_heads_of_three_grids_are_aligned_and_two_examinations_are_not()
    {
        var root = TestData.Require("open-ms-longitudinal-raw");
        var lines = new List<string> { "subject,modality,path" };
        foreach (var study in new[] { "study1", "study2" })
        {
            var stem = Path.Combine(root, "patient12", study);
            lines.AddRange([$"{study},t1,{stem}_T1W.nii.gz", $"{study},t2,{stem}_T2W.nii.gz", $"{study},flair,{stem}_FLAIR.nii.gz"]);
        }

        lines.AddRange([$"mixed,t1,{Path.Combine(root, "patient12", "study1_T1W.nii.gz")}", $"mixed,t2,{Path.Combine(root, "patient12", "study2_T2W.nii.gz")}"]);
        File.WriteAllLines(_folder.File("raw.csv"), lines);
        var report = Inspect(_folder.File("raw.csv"));
        Assert.Equal([("mixed", false), ("study1", true), ("study2", true)], report.Cases.Select(c => (c.Subject, c.Usable)));
        Assert.All(report.Cases, c => Assert.Contains(c.Warnings, w => w.Code == "header"));
        Assert.All(report.Cases, c => Assert.All(c.Modalities.Values, m => Assert.False(m.SkullStripped)));
    }

    [Fact]
    public void A_partial_head_of_public_data_is_not_stripped()
    {
        var volume = NiftiReader.Read(TestData.Require("nibabel-tests/anatomical.nii"));
        Assert.False(SkullTest.Of(volume, Overlap.Foreground(volume)).IsStripped);
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(2, true)]
    [InlineData(4, false)]
    [InlineData(4, true)]
    public void A_phantom_is_stripped_unless_it_has_a_head_even_when_the_air_is_zero(int spacing, bool wholeHead)
    {
        var request = new PhantomRequest { Seed = 2, Site = "s", Scanner = "south", Cases = 1, Modalities = spacing == 4 ? ["t1", "t2", "flair", "dwi"] : ["t1"], SpacingMm = spacing, WholeHead = wholeHead };
        foreach (var (modality, volume) in PhantomGenerator.Generate(request, 0).Volumes)
        {
            var foreground = Overlap.Foreground(volume);
            Assert.True(SkullTest.Of(volume, foreground).IsStripped != wholeHead, modality);
            var cut = new Volume(volume.Shape, volume.Affine, [.. volume.Voxels.Select((v, n) => foreground[n] ? v : 0)]);
            Assert.True(SkullTest.Of(cut, foreground).IsStripped != wholeHead, modality);
        }
    }

    [Fact]
    public void Damaged_cases_are_listed_with_all_their_reasons_and_judged_as_training_judges_them()
    {
        Damaged();
        var report = Inspect(_folder.File("data"));
        Assert.Equal(
            ["apart BMF-1107", "flat BMF-1108", "good ", "nan BMF-1106", "several BMF-1103", "short BMF-1102", "twice BMF-1111", "zero BMF-1108"],
            report.Cases.Select(c => $"{c.Name} {string.Join(' ', c.Reasons.Select(r => r.Code))}"));
        Assert.All(report.Cases.SelectMany(c => c.Reasons), r => Assert.True(r.Text.Length > 10 && r.Remedy.Length > 10));
        Assert.Equal(2, report.Cases.Single(c => c.Name == "nan").Modalities["t1"].NotFinite);

        var prepared = PreparedDataset.Prepare(DatasetScanner.Scan(_folder.File("data")), Plan, _folder.File("cache"), cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(prepared.Cases.Select(c => c.Subject), report.Cases.Where(c => c.Usable).Select(c => c.Name));
        Assert.Equal(prepared.Skipped.Select(s => (s.Subject, s.Error)), report.Cases.Where(c => !c.Usable).Select(c => (c.Name, c.Reasons[0].Code)));
        Assert.Equal(prepared.Cases[0].Shape, report.Cases.Single(c => c.Usable).Canvas!.Shape);
    }

    [Fact]
    public void Json_and_page_do_not_depend_on_the_number_of_jobs()
    {
        Damaged();
        var (one, many) = (Pages(1), Pages(4));
        Assert.Equal(one, many);
        Assert.Contains("id=\"case-apart\"", one.Page, StringComparison.Ordinal);
        Assert.Contains("data-usable=\"false\"", one.Page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_json_has_the_members_that_programs_read()
    {
        Damaged();
        using var json = JsonDocument.Parse(Pages(2).Json);
        var apart = json.RootElement.GetProperty("cases")[0];
        Assert.Equal("apart", apart.GetProperty("subject").GetString());
        Assert.Equal("", apart.GetProperty("session").GetString());
        Assert.False(apart.GetProperty("usable").GetBoolean());
        Assert.Equal("BMF-1107", apart.GetProperty("reasons")[0].GetProperty("code").GetString());
        Assert.NotEmpty(apart.GetProperty("reasons")[0].GetProperty("text").GetString()!);
        Assert.NotEmpty(apart.GetProperty("reasons")[0].GetProperty("remedy").GetString()!);
        Assert.Equal(JsonValueKind.Array, apart.GetProperty("warnings").ValueKind);
        var t1 = apart.GetProperty("modalities").GetProperty("t1");
        Assert.Equal("apart_T1.nii.gz", t1.GetProperty("file").GetString());
        Assert.Equal([40, 40, 40], t1.GetProperty("shape").EnumerateArray().Select(v => v.GetInt32()));
        Assert.Equal("RAS", t1.GetProperty("orientation").GetString());
        Assert.Equal("float32", t1.GetProperty("voxelType").GetString());
        Assert.Equal("reference", t1.GetProperty("grid").GetString());
        Assert.Equal(0, t1.GetProperty("notFinite").GetInt32());
        Assert.InRange(apart.GetProperty("alignment")[0].GetProperty("dice").GetDouble(), 0, 0.9);
        Assert.InRange(apart.GetProperty("alignment")[0].GetProperty("nmi").GetDouble(), 1, 2);
        var summary = json.RootElement.GetProperty("summary");
        Assert.Equal((8, 1), (summary.GetProperty("cases").GetInt32(), summary.GetProperty("usable").GetInt32()));
        Assert.Equal(1, summary.GetProperty("usableByModality").GetProperty("t1").GetInt32());
        Assert.Equal(2, summary.GetProperty("excludedByReason").GetProperty("BMF-1108").GetInt32());
    }

    [Fact]
    public void A_name_cannot_become_part_of_the_page()
    {
        const string Name = "<script>alert(1)<\u0002script>\"'&";
        Put(Name + "/x_T1", Make.Ball(20, 8));
        Put("case-2/x_T1", Make.Ball(20, 8));
        Put("case 2/x_T1", Make.Ball(20, 8));
        var (json, page) = Pages(1);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.DoesNotContain('\u0002', page);
        Assert.Contains("&lt;script&gt;alert(1)&lt;\uFFFDscript&gt;&quot;&#39;&amp;", page, StringComparison.Ordinal);
        Assert.Contains("id=\"case-script-alert-1-script\"", page, StringComparison.Ordinal);
        Assert.Contains("id=\"case-case-2\"", page, StringComparison.Ordinal);
        Assert.Contains("id=\"case-case-2-2\"", page, StringComparison.Ordinal);
        using var parsed = JsonDocument.Parse(json);
        Assert.Contains(Name, parsed.RootElement.GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("subject").GetString()));
    }

    [Fact]
    public void Warnings_say_what_does_not_exclude()
    {
        Put("a_T1", new Volume(new VolumeShape(70, 12, 20), Affine.Scaling(4, 4, 4), Make.Volume(70, 12, 20, (i, j, k) => i + j + k + 1).Voxels));
        var only = Inspect(_folder.File("data")).Cases.Single();
        Assert.True(only.Usable);
        Assert.Equal(["beyond canvas", "header", "not stripped", "one modality"], only.Warnings.Select(w => w.Code).Order(StringComparer.Ordinal));
        Assert.Equal([10, 0, 0], only.Canvas!.Beyond);
    }

    [Theory]
    [InlineData("RAS", 1, 0, 0, 0, 1, 0, 0, 0, 1)]
    [InlineData("LPS", -1, 0, 0, 0, -1, 0, 0, 0, 1)]
    [InlineData("SRA", 0, 1, 0, 0, 0, 1, 1, 0, 0)]
    [InlineData("PIL", 0, 0, -1, -1, 0, 0, 0, -1, 0)]
    public void Orientation_letters_name_where_the_axes_run_to(string code, params int[] m) => Assert.Equal(
        code, HeaderNotes.OrientationCode(new Affine(m[0], m[1], m[2], 0, m[3], m[4], m[5], 0, m[6], m[7], m[8], 0)));

    [Fact]
    public void Memory_bounds_the_cases_at_a_time()
    {
        Put("a_T1", Make.Ball(20, 8));
        var scan = DatasetScanner.Scan(_folder.File("data"));
        Assert.Equal(3, new DatasetInspector(Plan, "/").Jobs(scan, 3));
        Assert.Equal(1, new DatasetInspector(Plan with { SpacingMm = 0.005 }, "/").Jobs(scan, 3));
    }

    private void Damaged()
    {
        Put("good_T1", Make.Ball(20, 8));
        Put("zero_T1", Make.Volume(20, 20, 20, (_, _, _) => 0));
        Put("nan_T1", Make.Volume(20, 20, 20, (i, j, k) => (i, j, k) is (3, 4, 5 or 6) ? float.NaN : i + 1));
        Put("apart_T1", Make.Ball(40, 8));
        Put("apart_T2", Make.Ball(40, 8, affine: Affine.Scaling(1, 1, 1, 9)));
        Put("several_T1", Make.Volume(20, 20, 20, (i, _, _) => i == 3 ? float.PositiveInfinity : 1));
        Put("twice_T1", Make.Ball(20, 8));
        Put("twice_T1w", Make.Ball(20, 8));
        Put("flat_T1", Make.Volume(40, 40, 40, (i, j, k) => (i, j, k) is (20, 20, 20) or (0, 0, 0) or (39, 39, 39) ? 50 : 0));
        File.WriteAllText(_folder.File("data/several_FLAIR.nii.gz"), "this is no image, whatever its name says");
        File.WriteAllBytes(_folder.File("data/short_T1.nii.gz"), File.ReadAllBytes(_folder.File("data/good_T1.nii.gz"))[..400]);
    }

    private (string Json, string Page) Pages(int jobs)
    {
        var scan = DatasetScanner.Scan(_folder.File("data"));
        var inspector = new DatasetInspector(Plan, _folder.File("data"));
        var inspected = inspector.Inspect(scan, jobs, withPictures: true, cancellation: TestContext.Current.CancellationToken);
        var report = inspector.Report(scan, inspected);
        using var page = new StringWriter();
        QualityPage.Write(page, "data", report, inspected);
        return (CanonicalJson.ToReadable(report), page.ToString());
    }

    private static QualityReport Inspect(string path)
    {
        var scan = DatasetScanner.Scan(path);
        var inspector = new DatasetInspector(Plan, path);
        return inspector.Report(scan, inspector.Inspect(scan, 2, withPictures: false, cancellation: TestContext.Current.CancellationToken));
    }

    private void Put(string stem, Volume volume) => NiftiWriter.Write(_folder.File($"data/{stem}.nii.gz"), volume);
}
