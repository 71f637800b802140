using BrainMVP.Federated.Imaging.Dicom;
using BrainMVP.Federated.Imaging.External;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Tests.Support;

namespace BrainMVP.Federated.Imaging.Tests.Layouts;

public sealed class PublicDataTests
{
    [Fact]
    public void Every_series_of_the_public_folder_is_right_or_left_to_a_person()
    {
        TestData.Require("open-ms-longitudinal-raw");
        var root = Path.GetFullPath(TestData.Require("."));
        var found = DatasetScanner.Find(root, new ScanOptions(), TestContext.Current.CancellationToken).WithTwinsUncertain();
        Assert.Equal(
            ["nibabel-tests", "nichart-demo", "nifti-orientation48", "open-ms-longitudinal-raw", "open-ms-mni", "papaya-pd-dicom"],
            found.Datasets.Select(d => d.Name).Order(StringComparer.Ordinal));

        var certain = found.Series.Where(s => s.Status == SeriesStatus.Accepted).ToArray();
        Assert.All(certain.Where(s => s.Dicom is null), s => Assert.Equal(Truth(Path.GetFileName(s.File.Path)), s.Modality));
        Assert.Equal((46, 12, 15, 1), (Count("nichart-demo"), Count("open-ms-longitudinal-raw"), Count("open-ms-mni"), Count("papaya-pd-dicom")));
        Assert.Equal((0, 0), (Count("nifti-orientation48"), Count("nibabel-tests")));
        Assert.All(found.Series, s => Assert.NotEmpty(s.Proposal.Reason));
        Assert.Equal(152, found.Series.Count);

        int Count(string dataset) => certain.Count(s => s.Dataset == dataset);
    }

    [Fact]
    public void Two_studies_of_a_patient_are_two_cases()
    {
        var scan = DatasetScanner.Scan(TestData.Require("open-ms-longitudinal-raw"));
        Assert.Equal(["patient01_study1", "patient01_study2", "patient12_study1", "patient12_study2"], scan.Cases.Select(c => c.Name));
        Assert.All(scan.Cases, c => Assert.Equal(["flair", "t1", "t2"], c.Series.Keys));
    }

    [Fact]
    public async Task A_proton_density_series_is_converted_and_its_file_tells_nothing_about_the_site()
    {
        var source = TestData.Require("papaya-pd-dicom");
        Assert.SkipWhen(ExternalProgram.Locate("dcm2niix") is null, "dcm2niix is not installed.");
        using var folder = new TemporaryFolder();
        var cancellation = TestContext.Current.CancellationToken;
        var found = DatasetScanner.Find(source, new ScanOptions(), cancellation);
        var converter = await DicomConverter.FindAsync(TimeProvider.System, cancellation);
        var series = Assert.Single((await converter.ConvertAsync(found, folder.File("nifti"), null, cancellation)).Series);
        Assert.Equal(("pd", SeriesStatus.Accepted, false), (series.Modality, series.Status, series.NeedsConversion));
        Assert.Equal(20, NiftiReader.ReadInfo(series.File.Path).Shape.K);
        var sidecar = File.ReadAllText(series.File.Path[..^7] + ".json");
        Assert.Contains("RepetitionTime", sidecar, StringComparison.Ordinal);
        Assert.All((string[])["Institution", "Station", "Serial", "AcquisitionTime", "MRS1", "Manufacturer"], w => Assert.DoesNotContain(w, sidecar, StringComparison.Ordinal));
        Assert.Equal(2, Directory.EnumerateFileSystemEntries(folder.File("nifti")).Count());
    }

    [Fact]
    public void Timing_alone_proposes_proton_density_and_dicom_is_not_trained_on_unconverted()
    {
        var source = TestData.Require("papaya-pd-dicom");
        var header = Assert.Single(DatasetScanner.Find(source, new ScanOptions(), TestContext.Current.CancellationToken).Series).Dicom!.Header;
        Assert.Equal((2300.0, 22.0), (header.RepetitionTime, header.EchoTime));
        Assert.Equal("pd", SequenceTiming.Guess(header).Modality);
        var error = Make.Throws(Contracts.Errors.ErrorCatalogue.NoUsableCase, () => DatasetScanner.Scan(source));
        Assert.Contains("data scan", error.Message, StringComparison.Ordinal);
    }

    private static string Truth(string file) =>
        file.EndsWith("_FL.nii.gz", StringComparison.Ordinal) || file.EndsWith("_FLAIR.nii.gz", StringComparison.Ordinal) ? "flair"
        : file.EndsWith("_T1POST.nii.gz", StringComparison.Ordinal) ? "t1c"
        : file.EndsWith("_T1.nii.gz", StringComparison.Ordinal) || file.EndsWith("_T1W.nii.gz", StringComparison.Ordinal) ? "t1"
        : file.EndsWith("_T2.nii.gz", StringComparison.Ordinal) || file.EndsWith("_T2W.nii.gz", StringComparison.Ordinal) ? "t2"
        : file.EndsWith("_lesion-gold.nii.gz", StringComparison.Ordinal) ? "seg" : "none";
}
