using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.Preparation;

public sealed class PreparationTests : IDisposable
{
    private static readonly ImagingPlan Plan = new() { SpacingMm = 1, MinimumOverlap = 0.9 };
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Channels_are_scaled_to_0_1_on_one_grid_and_a_second_grid_is_resampled_and_noted()
    {
        Put("a_T1", Make.Ball(24, 9));
        Put("a_T2", Make.Volume(32, 32, 32, (i, j, k) => Make.Ball(24, 9) is var b && i is > 3 and < 28 && j is > 3 and < 28 && k is > 3 and < 28 ? b[i - 4, j - 4, k - 4] : 0, Affine.Scaling(1, 1, 1, -4, -4, -4)));
        var only = Prepare().Read(0);
        Assert.Equal(["t1", "t2"], only.Modalities);
        Assert.All(only.Channels, c => Assert.Equal((0f, 1f), (c.Min(), c.Max())));
        Assert.Equal(only.Channels[0], only.Channels[1]);
        Assert.Contains("t2", Assert.Single(only.Notes), StringComparison.Ordinal);
        Assert.Equal(only.Shape.Count, only.Channels[0].Length);
    }

    [Fact]
    public void A_case_that_cannot_be_used_is_skipped_by_number_and_the_others_stay()
    {
        Put("good_T1", Make.Ball(20, 8));
        Put("nan_T1", Make.Volume(20, 20, 20, (i, j, k) => i == 3 && j == 4 ? float.NaN : 1));
        Put("zero_T1", Make.Volume(20, 20, 20, (_, _, _) => 0));
        Put("apart_T1", Make.Ball(40, 8));
        Put("apart_T2", Make.Ball(40, 8, affine: Affine.Scaling(1, 1, 1, 9)));
        File.WriteAllText(_folder.File("data/text_T1.nii.gz"), "this is no image, whatever its name says");
        File.WriteAllBytes(_folder.File("data/short_T1.nii.gz"), File.ReadAllBytes(_folder.File("data/good_T1.nii.gz"))[..400]);
        var prepared = Prepare();
        Assert.Equal(["good"], prepared.Cases.Select(c => c.Subject));
        Assert.Equal(
            [("apart", "BMF-1107"), ("nan", "BMF-1106"), ("short", "BMF-1102"), ("text", "BMF-1103"), ("zero", "BMF-1108")],
            prepared.Skipped.Select(s => (s.Subject, s.Error)));
        var profile = prepared.Profile();
        Assert.Equal(1, profile.Cases);
        Assert.Equal(1, profile.CasesByModality["t1"]);
        Assert.Equal(1, profile.SkippedByReason["BMF-1106"]);
        Assert.DoesNotContain("t2", profile.CasesByModality.Keys);
    }

    [Fact]
    public void Without_any_usable_case_there_is_one_error_that_names_the_reasons()
    {
        Put("zero_T1", Make.Volume(20, 20, 20, (_, _, _) => 0));
        Assert.Contains("BMF-1108", Make.Throws(ErrorCatalogue.NoUsableCase, () => Prepare()).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("cache/dataset.json")));
    }

    [Fact]
    public void Preparing_again_reuses_files_until_a_source_or_the_plan_changes_or_the_cache_is_damaged()
    {
        Put("a_T1", Make.Ball(20, 8));
        Put("b_T1", Make.Ball(22, 8));
        Assert.Equal(["prepared", "prepared"], Outcomes(Plan));
        Assert.Equal(["cached", "cached"], Outcomes(Plan));
        Put("b_T1", Make.Ball(22, 9));
        Assert.Equal(["cached", "prepared"], Outcomes(Plan));
        Assert.Equal(["prepared", "prepared"], Outcomes(Plan with { SpacingMm = 2 }));
        Assert.Equal(2, Directory.GetFiles(_folder.File("cache"), "*.case").Length);

        var loaded = PreparedDataset.Load(_folder.File("cache"));
        var file = Path.Combine(loaded.Folder, loaded.Cases[0].File);
        var bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);
        Make.Throws(ErrorCatalogue.ArtifactCorrupt, () => loaded.Read(0));
        Assert.Equal(["prepared", "cached"], Outcomes(Plan with { SpacingMm = 2 }));
        Assert.Equal("a", PreparedDataset.Load(_folder.File("cache")).Read(0).Subject);
    }

    [Theory]
    [InlineData(10, 20, 5)]
    [InlineData(11, 20, 4)]
    [InlineData(21, 20, -1)]
    [InlineData(23, 20, -2)]
    public void Canvas_offset_rounds_towards_minus_infinity(int shape, int canvas, int offset) =>
        Assert.Equal((offset, offset, offset), PreparedCase.OffsetOf(new VolumeShape(shape, shape, shape), [canvas, canvas, canvas]));

    [Fact]
    public void Progress_counts_to_the_number_of_cases_and_cancellation_stops()
    {
        Put("a_T1", Make.Ball(20, 8));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => PreparedDataset.Prepare(DatasetScanner.Scan(_folder.File("data")), Plan, _folder.File("cache"), null, cancelled.Token));
    }

    private PreparedDataset Prepare() => PreparedDataset.Prepare(DatasetScanner.Scan(_folder.File("data")), Plan, _folder.File("cache"));

    private List<string> Outcomes(ImagingPlan plan)
    {
        var outcomes = new Recorder();
        PreparedDataset.Prepare(DatasetScanner.Scan(_folder.File("data")), plan, _folder.File("cache"), outcomes);
        return outcomes.Seen;
    }

    private void Put(string stem, Volume volume) => NiftiWriter.Write(_folder.File($"data/{stem}.nii.gz"), volume);

    private sealed class Recorder : IProgress<PreparationProgress>
    {
        public List<string> Seen { get; } = [];

        public void Report(PreparationProgress value) => Seen.Add(value.Outcome);
    }
}
