using BrainMVP.Federated.Imaging.Dicom;
using BrainMVP.Federated.Imaging.External;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Tests.Support;

namespace BrainMVP.Federated.Imaging.Tests.Dicom;

public sealed class DicomScanTests : IDisposable
{
    private readonly Tree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void A_flat_export_without_extensions_is_grouped_by_what_the_headers_say()
    {
        Put("I0001", new DicomSample("t1_mprage_sag", series: "1.1").Timing(2300, 2.98, 900, "GR\\IR").Set(0x00080020, "DA", "20200102"));
        Put("I0002", new DicomSample("t1_mprage_sag", series: "1.1").Timing(2300, 2.98, 900, "GR\\IR").Set(0x00080020, "DA", "20200102"));
        Put("sub/1.2.840.77", new DicomSample("t2_tse_tra", series: "1.2").Timing(4452, 100).Set(0x00080020, "DA", "20200102"));
        Put("x.IMA", new DicomSample("t2_tse_tra", study: "9", series: "2.1").Timing(4452, 100).Set(0x00080020, "DA", "20190501"));
        Put("y.dcm", new DicomSample("AX FLAIR", patient: "P2", study: "8", series: "3.1").Timing(9000, 100, 2500, "SE\\IR"));
        Put("z.dcm", new DicomSample("CT head", patient: "P2", study: "8", series: "3.2").Set(0x00080060, "CS", "CT"));
        Put("deflated.dcm", new DicomSample { TransferSyntax = "1.2.840.10008.1.2.1.99" });
        Put("DICOMDIR", new DicomSample(series: "5"));
        _tree.Write("readme", "text");
        _tree.Expect(
            "I0001: P1 2020-01-02 t1 accepted", "sub/1.2.840.77: P1 2020-01-02 t2 accepted", "x.IMA: P1 2019-05-01 t2 accepted", "y.dcm: P2 undated flair accepted", "z.dcm: P2 undated - ignored",
            $"deflated.dcm: {Path.GetFileName(_tree.Path)} - - ignored");
        Assert.Equal(2, _tree.Find().Series.Single(s => s.File.Path.EndsWith("I0001", StringComparison.Ordinal)).Dicom!.Files.Count);
        Assert.StartsWith("DICOM export", Assert.Single(_tree.Find().Datasets).Layout, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("T1", 500.0, 10.0, 0.0, "SE", "", "", "t1 accepted")]
    [InlineData("T1", 4452.0, 100.0, 0.0, "SE", "", "", "t1 uncertain")]
    [InlineData("T2", 500.0, 10.0, 0.0, "SE", "", "", "t2 uncertain")]
    [InlineData("FLAIR", 9000.0, 100.0, 2500.0, "SE\\IR", "", "", "flair accepted")]
    [InlineData("t2_space_dark-fluid", 5000.0, 389.0, 1800.0, "SE\\IR", "", "", "flair accepted")]
    [InlineData("FLAIR", 4000.0, 20.0, 0.0, "SE", "", "", "flair uncertain")]
    [InlineData("PD", 2300.0, 22.0, 0.0, "SE", "", "", "pd accepted")]
    [InlineData("T1", 500.0, 10.0, 0.0, "SE", "Gadovist", "", "t1c uncertain")]
    [InlineData("T1 POST", 500.0, 10.0, 0.0, "SE", "Gadovist", "", "t1c accepted")]
    [InlineData("T1", 500.0, 10.0, 0.0, "SE", "NONE", "", "t1 accepted")]
    [InlineData("AX", 9000.0, 100.0, 2500.0, "SE\\IR", "", "", "flair uncertain")]
    [InlineData("AX", 4452.0, 100.0, 0.0, "SE", "", "", "t2 uncertain")]
    [InlineData("AX", 450.0, 10.0, 0.0, "SE", "", "", "t1 uncertain")]
    [InlineData("AX", 450.0, 10.0, 0.0, "SE", "Gd", "", "t1c uncertain")]
    [InlineData("AX", 2250.0, 3.98, 850.0, "GR\\IR", "", "", "t1 uncertain")]
    [InlineData("AX", 2300.0, 22.0, 0.0, "SE", "", "", "pd uncertain")]
    [InlineData("AX", 5000.0, 90.0, 0.0, "EP", "", "", "- uncertain")]
    [InlineData("AX", 5000.0, 90.0, 0.0, "EP", "", "ORIGINAL\\PRIMARY\\DIFFUSION\\TRACEW", "dwi accepted")]
    [InlineData("AX", 5000.0, 90.0, 0.0, "EP", "", "DERIVED\\PRIMARY\\DIFFUSION\\ADC", "adc accepted")]
    [InlineData("trace", 5000.0, 90.0, 0.0, "EP", "", "DERIVED\\PRIMARY\\DIFFUSION\\ADC", "adc uncertain")]
    [InlineData("DWI", 5000.0, 90.0, 0.0, "EP", "", "DERIVED\\PRIMARY\\DIFFUSION\\FA", "- ignored")]
    [InlineData("T1", 500.0, 10.0, 0.0, "SE", "", "DERIVED\\PRIMARY\\MPR", "t1 uncertain")]
    [InlineData("T1", 500.0, 10.0, 0.0, "SE", "", "ORIGINAL\\PRIMARY\\MPR", "t1 accepted")]
    [InlineData("T1", 500.0, 10.0, 0.0, "SE", "", "DERIVED\\SECONDARY\\PROJECTION IMAGE", "- ignored")]
    [InlineData("T1", 500.0, 10.0, 0.0, "SE", "", "ORIGINAL\\PRIMARY\\P\\ND", "- ignored")]
    [InlineData("TOF_3D", 22.0, 3.6, 0.0, "GR", "", "", "mra accepted")]
    [InlineData("T1", 22.0, 3.6, 0.0, "GR", "", "angio", "mra uncertain")]
    [InlineData("T1", null, null, 0.0, "SE", "", "", "t1 accepted")]
    public void Words_timing_image_type_and_agent_together_decide(string description, double? repetition, double? echo, double inversion, string sequence, string agent, string imageType, string expected)
    {
        var sample = new DicomSample(description).Timing(repetition, echo, inversion, sequence);
        if (agent.Length > 0)
        {
            sample.Set(0x00180010, "LO", agent);
        }

        _ = imageType == "angio" ? sample.Set(0x00180025, "CS", "Y") : imageType.Length > 0 ? sample.Set(0x00080008, "CS", imageType) : sample;
        Put("a.dcm", sample);
        var only = Assert.Single(_tree.Find().Series);
        Assert.Equal(expected, $"{(only.Modality.Length > 0 ? only.Modality : "-")} {only.Status.ToString().ToLowerInvariant()}");
    }

    [Fact]
    public void Few_images_several_echoes_other_body_parts_and_twins_are_doubted()
    {
        Put("a", new DicomSample("T1", patient: "a", series: "1").Set(0x00280008, "IS", "3"));
        Put("b1", new DicomSample("T2", patient: "b", series: "2").Timing(4000, 90));
        Put("b2", new DicomSample("T2", patient: "b", series: "2").Timing(4000, 110));
        Put("c", new DicomSample("T1", patient: "c", series: "3").Set(0x00180015, "CS", "CSPINE"));
        Put("d1", new DicomSample("T1", patient: "d", series: "4"));
        Put("d2", new DicomSample("T1 sag", patient: "d", series: "5"));
        Put("e", new DicomSample("T1", patient: "e", series: "6").Set(0x00180015, "CS", "BRAIN"));
        Assert.Equal(
            ["a Uncertain", "b Uncertain", "c Uncertain", "d Uncertain", "d Uncertain", "e Accepted"],
            _tree.Find().Series.Select(s => $"{s.Subject} {s.Status}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_series_that_cannot_be_converted_is_reported_and_the_others_go_on()
    {
        Assert.SkipWhen(ExternalProgram.Locate("dcm2niix") is null, "dcm2niix is not installed.");
        Put("a/one.dcm", new DicomSample("T1", series: "1.5"));
        foreach (var file in Directory.GetFiles(TestData.Require("papaya-pd-dicom")))
        {
            File.Copy(file, _tree.PathOf("b/" + Path.GetFileName(file)));
        }

        var cancellation = TestContext.Current.CancellationToken;
        var converter = await DicomConverter.FindAsync(TimeProvider.System, cancellation);
        using var folder = new TemporaryFolder();
        var series = (await converter.ConvertAsync(_tree.Find(), folder.Path, null, cancellation)).Series;
        Assert.Equal(["- BMF-1119", "pd "], series.Select(s => $"{(s.Modality.Length > 0 ? s.Modality : "-")} {s.Error?.Id}").Order(StringComparer.Ordinal));
        Assert.False(Directory.Exists(folder.File(".converting")));
    }

    private void Put(string name, DicomSample sample) => File.WriteAllBytes(_tree.PathOf(name), sample.ToArray());
}
