using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Tests.Support;

namespace BrainMVP.Federated.Imaging.Tests.Layouts;

public sealed class ScannerTests : IDisposable
{
    private readonly Tree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Theory]
    [InlineData("Subj10_FL", "Subj10", "flair")]
    [InlineData("patient07_T1POST", "patient07", "t1c")]
    [InlineData("BraTS2021_00000_t1ce", "BraTS2021_00000", "t1c")]
    [InlineData("BraTS-GLI-00001-000-t1n", "BraTS-GLI-00001", "t1")]
    [InlineData("BraTS-GLI-00001-000-t2f", "BraTS-GLI-00001", "flair")]
    [InlineData("BraTS-GLI-00001-000-t2w", "BraTS-GLI-00001", "t2")]
    [InlineData("UCSF-PDGM-0004_T1c", "UCSF-PDGM-0004", "t1c")]
    [InlineData("IXI002-Guys-0828-MRA", "IXI002-Guys-0828", "mra")]
    [InlineData("sub-01_ce-GAD_T1w", "sub-01", "t1c")]
    [InlineData("sub-01_PDw", "sub-01", "pd")]
    [InlineData("x_T2_FLAIR", "x", "flair")]
    [InlineData("x_TOF", "x", "mra")]
    [InlineData("x_DWI_dir80_AP_ADC", "x", "adc")]
    [InlineData("x_TRACEW", "x", "dwi")]
    public void Flat_names_give_subject_and_modality(string stem, string subject, string modality)
    {
        Touch($"{stem}.nii.gz");
        var only = Assert.Single(DatasetScanner.Scan(_tree.Path).Cases);
        Assert.Equal(subject, only.Subject);
        Assert.Equal([modality], only.Series.Keys);
    }

    [Theory]
    [InlineData("x_seg")]
    [InlineData("x_T1_DLMUSE")]
    [InlineData("x_lesion-gold")]
    [InlineData("x_T1_brainmask")]
    [InlineData("x_consensus_gt")]
    [InlineData("x_T1_label")]
    [InlineData("x_T1mask")]
    public void Masks_and_labels_are_never_a_series(string stem)
    {
        Touch("x_T2.nii.gz", $"{stem}.nii.gz");
        var scan = DatasetScanner.Scan(_tree.Path);
        Assert.Equal(["t2"], Assert.Single(scan.Cases).Series.Keys);
        Assert.Empty(scan.Ignored);
    }

    [Fact]
    public void Folders_and_flat_files_mix_and_other_files_are_left_alone()
    {
        Touch("b/T2.nii.gz", "b/deep/er/b_T1.nii", "b/notes.txt", "b/b_localizer.nii.gz", "a_T1.nii.gz", "participants.csv", ".hidden/x_T1.nii.gz");
        var scan = DatasetScanner.Scan(_tree.Path);
        Assert.Equal(["a", "b"], scan.Cases.Select(c => c.Subject));
        Assert.Equal(["t1", "t2"], scan.Cases[1].Series.Keys);
        Assert.EndsWith("b_localizer.nii.gz", Assert.Single(scan.Ignored), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_series_of_one_modality_skip_the_case_and_only_it()
    {
        Touch("a/a_T1.nii.gz", "a/a_T1w.nii.gz", "b/b_T1.nii.gz");
        var scan = DatasetScanner.Scan(_tree.Path);
        Assert.Equal("b", Assert.Single(scan.Cases).Subject);
        Assert.Equal(ErrorCatalogue.ModalityDuplicate, Assert.Single(scan.Skipped).Error);
    }

    [Fact]
    public void A_manifest_names_series_relative_to_itself_with_quotes_and_further_columns()
    {
        Touch("img/one.nii.gz", "img/two, too.nii.gz");
        Write("m.csv", "path,Subject,scanner,modality\nimg/one.nii.gz,s1,x,T1w\n\n\"img/two, too.nii.gz\",s1,,FL\nimg/none.nii.gz,s2,,t2\n");
        var scan = DatasetScanner.Scan(_tree.PathOf("m.csv"));
        Assert.Equal(["flair", "t1"], Assert.Single(scan.Cases).Series.Keys);
        Assert.Equal(_tree.PathOf("img/one.nii.gz"), scan.Cases[0].Series["t1"].Path);
        Assert.Contains("Line 5", Assert.Single(scan.Skipped).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "line 1")]
    [InlineData("subject,path\na,b\n", "modality")]
    [InlineData("subject,modality,path\na,t1,x.nii\na,banana,y.nii\n", "line 3")]
    [InlineData("subject,modality,path\n,t1,x.nii\n", "line 2")]
    [InlineData("subject,modality,path\na,t1\n", "line 2")]
    [InlineData("subject,modality,path\na,t1,\"x.nii\n", "line 2")]
    public void A_bad_manifest_is_refused_with_its_line(string text, string names)
    {
        Write("m.csv", text);
        Assert.Contains(names, Make.Throws(ErrorCatalogue.ManifestInvalid, () => DatasetScanner.Scan(_tree.PathOf("m.csv"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_folder_and_one_without_cases_have_their_own_numbers()
    {
        Make.Throws(ErrorCatalogue.DataFolderMissing, () => DatasetScanner.Scan(_tree.PathOf("none")));
        Touch("readme.txt", "x_seg.nii.gz");
        Make.Throws(ErrorCatalogue.NoUsableCase, () => DatasetScanner.Scan(_tree.Path));
    }

    [Fact]
    public void Public_folders_are_understood()
    {
        var flat = DatasetScanner.Scan(TestData.Require("nichart-demo"));
        Assert.Equal(23, flat.Cases.Count);
        Assert.All(flat.Cases, c => Assert.Equal(["flair", "t1"], c.Series.Keys));
        var folders = DatasetScanner.Scan(TestData.Require("open-ms-mni"));
        Assert.Equal(["patient07", "patient19", "patient26"], folders.Cases.Select(c => c.Subject));
        Assert.All(folders.Cases, c => Assert.Equal(["flair", "t1", "t1c", "t2"], c.Series.Keys));
    }

    private void Touch(params string[] names) => _tree.Touch(names);

    private void Write(string name, string text) => _tree.Write(name, text);
}
