using System.Text.RegularExpressions;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.Preparation;

/// <summary>Which stored cases are found again, and which are not.</summary>
public sealed class CaseCacheTests : IDisposable
{
    private static readonly ImagingPlan Plan = new() { SpacingMm = 1, MinimumOverlap = 0.9 };
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_interrupted_preparation_goes_on_where_it_stopped()
    {
        Put("a_T1", Make.Ball(20, 8));
        Put("b_T1", Make.Ball(22, 8));
        using var stop = new CancellationTokenSource();
        var interrupted = new Recorder { Then = stop.Cancel };
        Assert.Throws<OperationCanceledException>(() => PreparedDataset.Prepare(Scan(), Plan, _folder.File("cache"), interrupted, stop.Token));
        Assert.Equal(["prepared"], interrupted.Seen);
        Assert.False(File.Exists(_folder.File("cache/dataset.json")));
        File.WriteAllText(_folder.File($"cache/.{Cases.Key}.case.1-x.tmp"), "what a killed process left");
        Assert.Equal(["cached", "prepared"], Prepare("cache"));
        Assert.Empty(Directory.GetFiles(_folder.File("cache"), "*.tmp"));
        Assert.Equal(["a", "b"], PreparedDataset.Load(_folder.File("cache")).Cases.Select(c => c.Name));
    }

    [Fact]
    public void A_case_that_lies_whole_in_another_folder_is_linked_instead_of_computed()
    {
        Put("a_T1", Make.Ball(20, 8));
        Put("b_T1", Make.Ball(22, 8));
        Assert.Equal(["prepared", "prepared"], Prepare("first"));
        Assert.Equal(["reused", "reused"], Prepare("second", "none", "first"));
        var (first, second) = (PreparedDataset.Load(_folder.File("first")), PreparedDataset.Load(_folder.File("second")));
        Assert.Equal(first.Cases.Select(c => c.Content), second.Cases.Select(c => c.Content));

        // One file with two names: what is written to one is in the other.
        var damaged = Path.Combine(first.Folder, first.Cases[0].File);
        Change(damaged);
        Assert.Equal(File.ReadAllBytes(damaged), File.ReadAllBytes(Path.Combine(second.Folder, second.Cases[0].File)));

        // A damaged case is nobody's source, and making it anew leaves the other folder alone.
        Assert.Equal(["prepared", "reused"], Prepare("third", "first"));
        Assert.Equal(["reused", "cached"], Prepare("second", "first", "third"));
        Make.Throws(ErrorCatalogue.ArtifactCorrupt, () => first.Read(0));

        // The other folder may go: the bytes stay.
        Directory.Delete(first.Folder, recursive: true);
        Assert.Equal(["a", "b"], Enumerable.Range(0, 2).Select(i => PreparedDataset.Load(second.Folder).Read(i).Subject));
    }

    [Fact]
    public void A_case_file_under_another_name_is_not_taken_for_the_case()
    {
        Put("a_T1", Make.Ball(20, 8));
        Put("b_T1", Make.Ball(22, 8));
        Prepare("cache");
        var cases = PreparedDataset.Load(_folder.File("cache")).Cases;
        File.Copy(Path.Combine(_folder.File("cache"), cases[0].File), Path.Combine(_folder.File("cache"), cases[1].File), overwrite: true);
        Make.Throws(ErrorCatalogue.ArtifactCorrupt, () => PreparedDataset.Load(_folder.File("cache")).Read(1));
        Assert.Equal(["cached", "prepared"], Prepare("cache"));
    }

    [Fact]
    public void The_key_follows_the_bytes_the_rules_and_the_name_and_nothing_else()
    {
        Put("a_T1", Make.Ball(20, 8));
        var scanned = Assert.Single(Scan().Cases);
        var path = scanned.Series["t1"].Path;
        var key = CaseKey.Of(scanned, Plan);
        string[] others =
        [
            CaseKey.Of(scanned, Plan with { SpacingMm = 2 }),
            CaseKey.Of(scanned, Plan with { LowerPercentile = 1 }),
            CaseKey.Of(scanned, Plan with { UpperPercentile = 99 }),
            CaseKey.Of(scanned, Plan with { MinimumOverlap = 0.5 }),
            CaseKey.Of(scanned, Plan, CasePreparer.TransformVersion + 1),
            CaseKey.Of(scanned with { Session = "1" }, Plan),
            CaseKey.Of(scanned with { Subject = "b" }, Plan),
            CaseKey.Of(scanned with { Series = new Dictionary<string, SeriesFile> { ["t1"] = new(path, 0) } }, Plan),
            CaseKey.Of(scanned with { Series = new Dictionary<string, SeriesFile> { ["t2"] = new(path) } }, Plan),
        ];
        Assert.Equal(others.Length + 1, others.Append(key).Distinct().Count());
        Assert.Equal(key, CaseKey.Of(scanned with { Class = "x", Segmentation = new(path) }, Plan with { Crop = [16, 16, 16], Canvas = [16, 16, 16], CropPosition = "foreground" }));
        Change(path);
        Assert.NotEqual(key, CaseKey.Of(scanned, Plan));
    }

    [Theory]
    [InlineData(".hdr", ".img", ".hdr")]
    [InlineData(".hdr", ".img", ".img")]
    [InlineData(".hdr.gz", ".img.gz", ".hdr.gz")]
    [InlineData(".hdr", ".img.gz", ".hdr")]
    [InlineData(".HDR", ".img", ".HDR")]
    public void Both_files_of_a_pair_decide_the_key(string header, string image, string named)
    {
        File.WriteAllText(_folder.File("a" + header), "header");
        File.WriteAllText(_folder.File("a" + image), "image");
        var scanned = new ScannedCase("a", new Dictionary<string, SeriesFile> { ["t1"] = new(_folder.File("a" + named)) });
        var key = CaseKey.Of(scanned, Plan);
        File.WriteAllText(_folder.File("a" + image), "imagf");
        var second = CaseKey.Of(scanned, Plan);
        File.WriteAllText(_folder.File("a" + header), "headfr");
        Assert.Equal(3, new[] { key, second, CaseKey.Of(scanned, Plan) }.Distinct().Count());
    }

    [Fact]
    public void Subject_session_class_and_label_map_of_a_case_reach_the_document()
    {
        Put("a_T1", Make.Ball(20, 8));
        var scanned = Assert.Single(Scan().Cases);
        var scan = new ScanResult([scanned with { Session = "2", Class = "x", Segmentation = scanned.Series["t1"] }], [], []);
        PreparedDataset.Prepare(scan, Plan, _folder.File("cache"), cancellation: TestContext.Current.CancellationToken);
        var loaded = PreparedDataset.Load(_folder.File("cache"));
        var entry = Assert.Single(loaded.Cases);
        Assert.Equal(("a", "2", "a_2", "x", true), (entry.Subject, entry.Session, entry.Name, entry.Class, entry.HasSegmentation));
        Assert.Equal("a_2", loaded.Read(0).Subject);
    }

    [Fact]
    public void A_document_that_lists_nonsense_is_a_numbered_error()
    {
        Put("a_T1", Make.Ball(20, 8));
        Prepare("cache");
        var path = _folder.File("cache/dataset.json");
        var text = File.ReadAllText(path);
        foreach (var shape in (string[])["", "3", "3, 3, -3", "3, 3, 3, 3", "2000000000, 2000000000, 2000000000"])
        {
            File.WriteAllText(path, Regex.Replace(text, @"""shape"": \[[^\]]*\]", $"\"shape\": [{shape}]"));
            Assert.Contains("sides", Make.Throws(ErrorCatalogue.DocumentInvalid, () => PreparedDataset.Load(_folder.File("cache"))).Message, StringComparison.Ordinal);
        }

        File.WriteAllText(path, text.Replace("\"t1\"", "\"t2\"", StringComparison.Ordinal));
        Make.Throws(ErrorCatalogue.ArtifactCorrupt, () => PreparedDataset.Load(_folder.File("cache")).Open(0));
    }

    private static void Change(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = stream.Length - 1;
        var last = stream.ReadByte();
        stream.Position = stream.Length - 1;
        stream.WriteByte((byte)(last ^ 1));
    }

    private ScanResult Scan() => DatasetScanner.Scan(_folder.File("data"));

    private List<string> Prepare(string folder, params string[] reuse)
    {
        var outcomes = new Recorder();
        PreparedDataset.Prepare(Scan(), Plan, _folder.File(folder), [.. reuse.Select(_folder.File)], outcomes, TestContext.Current.CancellationToken);
        return outcomes.Seen;
    }

    private void Put(string stem, Volume volume) => NiftiWriter.Write(_folder.File($"data/{stem}.nii.gz"), volume);

    private sealed class Recorder : IProgress<PreparationProgress>
    {
        public List<string> Seen { get; } = [];

        public Action Then { get; init; } = () => { };

        public void Report(PreparationProgress value)
        {
            Seen.Add(value.Outcome);
            Then();
        }
    }
}
