using System.Text.Json;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Phantom;
using BrainMVP.Federated.Imaging.Phantom.Output;
using BrainMVP.Federated.Imaging.Tests.Support;

namespace BrainMVP.Federated.Imaging.Tests.Phantom.Output;

public sealed class PhantomDatasetTests
{
    private static readonly PhantomRequest Glioma = People.Request with { Cases = 1, Disease = PhantomDisease.Glioma, Modalities = ["t1c", "flair"] };

    public static TheoryData<string, string, string[]> Trees => new()
    {
        { "folder", "glioma", ["labels.csv", "manifest.csv", "north-0001/north-0001_FLAIR.nii.gz", "north-0001/north-0001_T1C.nii.gz", "north-0001/north-0001_seg.nii.gz"] },
        {
            "bids", "glioma",
            [
                "README", "dataset_description.json", "derivatives/lesions/dataset_description.json", "derivatives/lesions/dseg.tsv",
                "derivatives/lesions/sub-north0001/anat/sub-north0001_label-lesion_dseg.nii.gz", "participants.tsv", "sub-north0001/anat/sub-north0001_FLAIR.json",
                "sub-north0001/anat/sub-north0001_FLAIR.nii.gz", "sub-north0001/anat/sub-north0001_ce-GAD_T1w.json", "sub-north0001/anat/sub-north0001_ce-GAD_T1w.nii.gz",
            ]
        },
        { "brats", "glioma", ["BraTS2021_00001/BraTS2021_00001_flair.nii.gz", "BraTS2021_00001/BraTS2021_00001_seg.nii.gz", "BraTS2021_00001/BraTS2021_00001_t1ce.nii.gz", "labels.csv"] },
        { "brats2023", "glioma", ["BraTS-GLI-00001-000/BraTS-GLI-00001-000-seg.nii.gz", "BraTS-GLI-00001-000/BraTS-GLI-00001-000-t1c.nii.gz", "BraTS-GLI-00001-000/BraTS-GLI-00001-000-t2f.nii.gz", "labels.csv"] },
        { "msd", "glioma", ["dataset.json", "imagesTr/BRATS_001.nii.gz", "labels.csv", "labelsTr/BRATS_001.nii.gz"] },
        { "nnunet", "glioma", ["dataset.json", "imagesTr/north-0001_0000.nii.gz", "imagesTr/north-0001_0001.nii.gz", "labels.csv", "labelsTr/north-0001.nii.gz"] },
        { "ixi", "none", ["IXI001-North-0001-MRA.nii.gz", "IXI001-North-0001-T1.nii.gz", "labels.csv"] },
        {
            "isles", "stroke",
            [
                "derivatives/sub-strokecase0001/ses-0001/sub-strokecase0001_ses-0001_msk.nii.gz", "labels.csv", "sub-strokecase0001/ses-0001/anat/sub-strokecase0001_ses-0001_FLAIR.nii.gz",
                "sub-strokecase0001/ses-0001/dwi/sub-strokecase0001_ses-0001_adc.nii.gz",
            ]
        },
    };

    [Theory]
    [MemberData(nameof(Trees))]
    public void Each_layout_has_its_names(string layout, string disease, string[] files)
    {
        using var folder = new TemporaryFolder();
        var request = Glioma with { Disease = PhantomDiseases.Find(disease), Modalities = layout switch { "ixi" => ["t1", "mra"], "isles" => ["flair", "adc"], _ => Glioma.Modalities } };
        PhantomDataset.Write(folder.File("tree"), request, new PhantomOutput { Layout = layout, Classes = true }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(files, Files(folder.File("tree")));
        Assert.Contains(layout, PhantomLayouts.Names);
    }

    [Fact]
    public void Several_channels_become_one_file_with_the_labels_of_the_decathlon()
    {
        using var folder = new TemporaryFolder();
        PhantomDataset.Write(folder.File("tree"), Glioma, new PhantomOutput { Layout = "msd" }, cancellation: TestContext.Current.CancellationToken);
        var made = PhantomGenerator.Generate(Glioma, 0);
        var image = folder.File("tree/imagesTr/BRATS_001.nii.gz");
        Assert.Equal(2, NiftiReader.ReadInfo(image).Volumes);
        Assert.Equal(made.Volumes["flair"].Voxels, NiftiReader.Read(image, 0).Voxels);
        Assert.Equal(made.Volumes["t1c"].Voxels, NiftiReader.Read(image, 1).Voxels);
        Assert.True(NiftiReader.Read(image, 1).SharesGridWith(made.Labels));
        Assert.Equal(made.Labels.Voxels.Select(v => v switch { 1 => 2f, 2 => 1, 4 => 3, _ => 0 }), NiftiReader.Read(folder.File("tree/labelsTr/BRATS_001.nii.gz")).Voxels);
        using var document = JsonDocument.Parse(File.ReadAllText(folder.File("tree/dataset.json")));
        Assert.Equal("FLAIR", document.RootElement.GetProperty("modality").GetProperty("0").GetString());
        Assert.Equal("oedema", document.RootElement.GetProperty("labels").GetProperty("1").GetString());
        Assert.Equal("./imagesTr/BRATS_001.nii.gz", document.RootElement.GetProperty("training")[0].GetProperty("image").GetString());
    }

    [Fact]
    public void From_2023_on_enhancing_tumour_is_3()
    {
        using var folder = new TemporaryFolder();
        PhantomDataset.Write(folder.File("tree"), Glioma, new PhantomOutput { Layout = "brats2023" }, cancellation: TestContext.Current.CancellationToken);
        var labels = NiftiReader.Read(folder.File("tree/BraTS-GLI-00001-000/BraTS-GLI-00001-000-seg.nii.gz")).Voxels;
        Assert.Equal(PhantomGenerator.Generate(Glioma, 0).Labels.Voxels.Select(v => v == 4 ? 3 : v), labels);
    }

    [Fact]
    public void Files_and_the_order_of_progress_do_not_depend_on_the_number_of_jobs()
    {
        using var folder = new TemporaryFolder();
        var request = People.Request with { Cases = 3, Modalities = ["t1", "t2"], Missing = 0.4 };
        var reports = new Reports();
        PhantomDataset.Write(folder.File("one"), request, new PhantomOutput { Classes = true, Montage = folder.File("one.png") }, cancellation: TestContext.Current.CancellationToken);
        PhantomDataset.Write(folder.File("many"), request, new PhantomOutput { Classes = true, Jobs = 4, Montage = folder.File("many.png") }, reports, TestContext.Current.CancellationToken);
        var names = Files(folder.File("one"));
        Assert.Equal(names, Files(folder.File("many")));
        Assert.All(names, n => Assert.Equal(File.ReadAllBytes(Path.Combine(folder.File("one"), n)), File.ReadAllBytes(Path.Combine(folder.File("many"), n))));
        Assert.Equal(Enumerable.Range(1, 3).Select(n => new PhantomProgress($"north-000{n}", n, 3)), reports.All);
        Assert.Equal(File.ReadAllBytes(folder.File("one.png")), File.ReadAllBytes(folder.File("many.png")));
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(folder.File("one.png"))[..4]);
    }

    [Fact]
    public void Classes_and_missing_modalities_are_in_the_tables()
    {
        using var folder = new TemporaryFolder();
        var request = People.Request with { Cases = 2, Modalities = ["t1", "t2", "flair"], Missing = 0.5, Always = ["t2"], Disease = PhantomDisease.None };
        PhantomDataset.Write(folder.File("tree"), request, new PhantomOutput { Classes = true }, cancellation: TestContext.Current.CancellationToken);
        var expected = Enumerable.Range(0, 2).Select(n => PhantomGenerator.Generate(request, n)).ToArray();
        Assert.Equal(["subject,class", .. expected.Select(p => $"{p.Subject},{p.Class}")], File.ReadAllLines(folder.File("tree/labels.csv")));
        var rows = File.ReadAllLines(folder.File("tree/manifest.csv"));
        Assert.Equal(ManifestWriter.Header, rows[0]);
        Assert.Equal(expected.Sum(p => p.Volumes.Count), rows.Length - 1);
        Assert.Contains($"{expected[0].Subject},,t2,north-0001/north-0001_T2.nii.gz,,accepted,{expected[0].Class},", rows);
        Assert.DoesNotContain(Files(folder.File("tree")), f => f.Contains("_seg", StringComparison.Ordinal));
    }

    [Fact]
    public void Whole_heads_come_with_the_mask_of_their_brain()
    {
        using var folder = new TemporaryFolder();
        PhantomDataset.Write(folder.File("tree"), People.Request with { Cases = 1, WholeHead = true, Modalities = ["t1"] }, cancellation: TestContext.Current.CancellationToken);
        var mask = NiftiReader.Read(folder.File("tree/north-0001/north-0001_brainmask.nii.gz"));
        Assert.InRange(mask.Voxels.Sum() * 0.064, 900, 1900);
    }

    [Theory]
    [InlineData("brats", "mixed", "t1")]
    [InlineData("brats", "glioma", "pd")]
    [InlineData("isles", "glioma", "dwi")]
    [InlineData("ixi", "none", "flair")]
    [InlineData("dicom", "none", "t1")]
    public void What_does_not_fit_a_layout_is_refused(string layout, string disease, string modality) => Make.Throws(
        ErrorCatalogue.ArgumentInvalid,
        () => new PhantomOutput { Layout = layout }.Check(People.Request with { Disease = PhantomDiseases.Find(disease), Modalities = [modality] }));

    [Fact]
    public void Numbers_out_of_range_are_refused()
    {
        Make.Throws(ErrorCatalogue.ArgumentInvalid, () => new PhantomOutput { Jobs = 0 }.Check(People.Request));
        Make.Throws(ErrorCatalogue.ArgumentInvalid, () => new PhantomOutput { Layout = "msd" }.Check(People.Request with { Missing = 0.1 }));
        Make.Throws(ErrorCatalogue.ArgumentInvalid, () => new PhantomOutput { Layout = "ixi" }.Check(People.Request with { Cases = 1000, Disease = PhantomDisease.None }));
        Make.Throws(ErrorCatalogue.ArgumentInvalid, () => (People.Request with { Missing = 0.95 }).Check());
        Make.Throws(ErrorCatalogue.ArgumentInvalid, () => (People.Request with { Missing = double.NaN }).Check());
        Make.Throws(ErrorCatalogue.ArgumentInvalid, () => (People.Request with { Always = ["flair"] }).Check());
        Make.Throws(ErrorCatalogue.ArgumentInvalid, () => PhantomDiseases.Find("flu"));
    }

    private static string[] Files(string folder) =>
        [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder, f)).Order(StringComparer.Ordinal)];

    private sealed class Reports : IProgress<PhantomProgress>
    {
        public List<PhantomProgress> All { get; } = [];

        public void Report(PhantomProgress value) => All.Add(value);
    }
}
