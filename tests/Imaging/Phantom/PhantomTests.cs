using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Phantom;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.Phantom;

public sealed class PhantomTests
{
    private static readonly PhantomRequest Request = new() { Seed = 5, Site = "north", Scanner = "north", Modalities = ["t1", "t2"], Cases = 3, SpacingMm = 4 };

    [Fact]
    public void The_same_seed_writes_the_same_bytes()
    {
        using var folder = new TemporaryFolder();
        PhantomDataset.Write(folder.File("a"), Request with { Cases = 2 }, cancellation: TestContext.Current.CancellationToken);
        PhantomDataset.Write(folder.File("b"), Request with { Cases = 2 }, cancellation: TestContext.Current.CancellationToken);
        var names = Directory.GetFiles(folder.File("a"), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder.File("a"), f)).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(["north-0001/north-0001_T1.nii.gz", "north-0001/north-0001_T2.nii.gz", "north-0001/north-0001_seg.nii.gz", "north-0002/north-0002_T1.nii.gz", "north-0002/north-0002_T2.nii.gz", "north-0002/north-0002_seg.nii.gz"], names);
        Assert.All(names, n => Assert.Equal(File.ReadAllBytes(Path.Combine(folder.File("a"), n)), File.ReadAllBytes(Path.Combine(folder.File("b"), n))));
    }

    [Fact]
    public void A_case_does_not_depend_on_the_other_modalities_or_cases() => Assert.Equal(
        PhantomGenerator.Generate(Request, 2).Volumes["t2"].Voxels,
        PhantomGenerator.Generate(Request with { Modalities = ["t2", "flair"], Cases = 9 }, 2).Volumes["t2"].Voxels);

    [Fact]
    public void Cases_seeds_sites_and_scanners_differ_but_share_most_anatomy()
    {
        var first = PhantomGenerator.Generate(Request, 0).Volumes["t1"];
        Volume[] others =
        [
            PhantomGenerator.Generate(Request, 1).Volumes["t1"],
            PhantomGenerator.Generate(Request with { Seed = 6 }, 0).Volumes["t1"],
            PhantomGenerator.Generate(Request with { Site = "b" }, 0).Volumes["t1"],
            PhantomGenerator.Generate(Request with { Scanner = "south" }, 0).Volumes["t1"],
        ];
        Assert.All(others, o => Assert.InRange(People.Correlation(first.Voxels, o.Voxels), 0.75, 0.998));
    }

    [Fact]
    public void Contrast_of_each_sequence_is_that_of_the_field()
    {
        var made = PhantomGenerator.Generate(Request with { Modalities = Modalities.All, SpacingMm = 2, Disease = PhantomDisease.None }, 0);

        // White matter is what is bright on T1, fluid what is brightest on T2.
        double White(string m) => Bright(made.Volumes["t1"], made.Volumes[m]);
        double Fluid(string m) => Brightest(made.Volumes["t2"], made.Volumes[m]);
        Assert.True(White("t1") > 2 * Fluid("t1"));
        Assert.True(Fluid("t2") > 2 * White("t2"));
        Assert.True(Fluid("flair") < 0.5 * White("flair"));
        Assert.True(Fluid("dwi") < 0.6 * White("dwi"));
        Assert.InRange(White("adc"), 600, 900);
        Assert.InRange(Fluid("adc"), 2300, 3300);
        Assert.True(made.Volumes["mra"].Voxels.Max() > 2.2 * White("mra"));
        Assert.All(made.Volumes.Values, v => Assert.Equal(0, v.Voxels[0]));
    }

    [Fact]
    public void Some_cases_have_lesions_with_labels_inside_the_brain()
    {
        var made = Enumerable.Range(0, 8).Select(n => PhantomGenerator.Generate(Request with { Modalities = ["flair"] }, n)).ToArray();
        Assert.Contains(made, c => c.Labels.Voxels.All(v => v == 0));
        Assert.Contains(made, c => c.Labels.Voxels.Any(v => v > 0));
        Assert.All(made, c => Assert.All(c.Labels.Voxels.Zip(c.Volumes["flair"].Voxels), p => Assert.True(p.First is 0 or ((1 or 2 or 3 or 4) and > 0) && (p.First == 0 || p.Second > 0))));
    }

    [Fact]
    public void Every_scanner_and_modality_passes_preparation_for_the_demonstration()
    {
        using var folder = new TemporaryFolder();
        foreach (var scanner in ScannerPreset.All)
        {
            PhantomDataset.Write(folder.File("data"), Request with { Seed = 1, Site = scanner.Name, Scanner = scanner.Name, Modalities = Modalities.All, Cases = 1 }, cancellation: TestContext.Current.CancellationToken);
        }

        var plan = Presets.Create(Presets.Demo).Imaging with { MinimumOverlap = 0.96 };
        var prepared = PreparedDataset.Prepare(DatasetScanner.Scan(folder.File("data")), plan, folder.File("cache"), cancellation: TestContext.Current.CancellationToken);
        Assert.Empty(prepared.Skipped);
        Assert.Equal(ScannerPreset.All.Count, prepared.Profile().CasesByModality["adc"]);
        Assert.All(prepared.Cases, c => Assert.True(c.Shape[0] <= 60 && c.Shape[1] <= 60 && c.Shape[2] <= 40));
    }

    [Fact]
    public void Whole_heads_surround_the_same_brain()
    {
        var (brain, head) = (PhantomGenerator.Generate(Request, 0).Volumes["t1"], PhantomGenerator.Generate(Request with { WholeHead = true }, 0).Volumes["t1"]);
        Assert.True(head.Voxels.Count(v => v > 150) > 1.3 * brain.Voxels.Count(v => v > 150));
    }

    [Fact]
    public void Requests_out_of_range_are_refused()
    {
        Make.Throws(ErrorCatalogue.ArgumentInvalid, () => PhantomGenerator.Generate(Request with { SpacingMm = 3 }, 0));
        Make.Throws(ErrorCatalogue.ArgumentInvalid, () => PhantomGenerator.Generate(Request with { Scanner = "moon" }, 0));
        Make.Throws(ErrorCatalogue.ArgumentInvalid, () => PhantomGenerator.Generate(Request with { Modalities = ["ct"] }, 0));
        Make.Throws(ErrorCatalogue.IdentifierInvalid, () => PhantomGenerator.Generate(Request with { Site = "../up" }, 0));
    }

    /// <summary>Mean of a volume where T1 lies between the 80th and the 95th percentile of the brain.</summary>
    private static double Bright(Volume t1, Volume of)
    {
        var brain = t1.Voxels.Where(v => v > 0).Order().ToArray();
        var (low, high) = (brain[brain.Length * 80 / 100], brain[brain.Length * 95 / 100]);
        return of.Voxels.Where((_, n) => t1.Voxels[n] >= low && t1.Voxels[n] <= high).Average();
    }

    /// <summary>Mean of a volume where T2 is brightest: fluid.</summary>
    private static double Brightest(Volume t2, Volume of)
    {
        var limit = t2.Voxels.Order().ElementAt(t2.Voxels.Length - 300);
        return of.Voxels.Where((_, n) => t2.Voxels[n] >= limit).Average();
    }
}
