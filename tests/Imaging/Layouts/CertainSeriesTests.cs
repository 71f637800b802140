using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Tests.Support;

namespace BrainMVP.Federated.Imaging.Tests.Layouts;

/// <summary>A folder that is trained on without a manifest.</summary>
public sealed class CertainSeriesTests : IDisposable
{
    private readonly Tree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void A_case_keeps_its_certain_series_and_the_uncertain_one_is_listed()
    {
        _tree.Touch("p1/p1_T1.nii.gz", "p1/p1_T2_to_FLAIR.nii.gz", "p2/p2_whatever.nii.gz");
        var scan = DatasetScanner.Scan(_tree.Path);
        Assert.Equal(["t1"], Assert.Single(scan.Cases).Series.Keys);
        Assert.Equal(("p2", "BMF-1112"), (Assert.Single(scan.Skipped).Subject, scan.Skipped[0].Error.Id));
        Assert.Equal(2, scan.Findings.Count(f => f.Status == SeriesStatus.Uncertain));
        Assert.Equal(2, scan.Ignored.Count);
    }

    [Fact]
    public void A_broken_file_of_a_case_skips_the_case_by_its_number()
    {
        _tree.Touch("a_T1.nii.gz", "b_T1.nii.gz").Write("a_T2.nii.gz", "broken");
        var scan = DatasetScanner.Scan(_tree.Path);
        Assert.Equal("b", Assert.Single(scan.Cases).Subject);
        Assert.Equal(("a", "BMF-1103"), (Assert.Single(scan.Skipped).Subject, scan.Skipped[0].Error.Id));
    }

    [Fact]
    public void A_folder_of_one_subject_takes_the_subject_from_its_own_name()
    {
        _tree.Touch("T1.nii.gz", "FLAIR.nii.gz");
        Assert.Equal(Path.GetFileName(_tree.Path), Assert.Single(DatasetScanner.Scan(_tree.Path).Cases).Subject);
    }
}
