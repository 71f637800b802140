using System.Diagnostics;
using System.Text.Json;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.SiteAgent.Tests.Commands;

/// <summary>data scan as it is typed.</summary>
public sealed class DataScanCommandTests : IDisposable
{
    private readonly TemporarySite _site = new();

    public DataScanCommandTests()
    {
        foreach (var name in (string[])["Doe_Jane/Doe_Jane_T1.nii.gz", "Doe_Jane/Doe_Jane_FLAIR.nii.gz", "Roe_Rick/study1_T1.nii.gz", "Roe_Rick/study2_T1.nii.gz", "Roe_Rick/T2_to_T1.nii.gz", "Roe_Rick/localizer.nii.gz"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_site.PathOf("data/" + name))!);
            NiftiWriter.Write(_site.PathOf("data/" + name), new Volume(new VolumeShape(8, 8, 8), Affine.Identity, new float[512]));
        }
    }

    public void Dispose() => _site.Dispose();

    [Fact]
    public async Task A_scan_writes_a_manifest_with_pseudonyms_that_can_be_read_once_it_is_confirmed()
    {
        var (code, output, error) = await Run("data");
        Assert.True(code == 0, error);
        Assert.Contains("a folder per subject", output, StringComparison.Ordinal);
        Assert.Contains("6 series: 4 certain, 1 uncertain, 1 ignored", output, StringComparison.Ordinal);
        Assert.Contains("Doe_Jane", output, StringComparison.Ordinal);
        Assert.Contains("T2_to_T1", output, StringComparison.Ordinal);
        Assert.Contains("1 x localizer", output, StringComparison.Ordinal);

        var lines = File.ReadAllLines(_site.PathOf("scan/manifest.csv"));
        Assert.Equal(7, lines.Length);
        Assert.All(lines.Skip(1), l => Assert.Matches("^p-[0-9a-z]{16},(s[123])?,", l));
        using var document = JsonDocument.Parse(File.ReadAllBytes(_site.PathOf("scan/scan.json")));
        Assert.Equal(6, document.RootElement.GetProperty("series").GetArrayLength());
        Assert.All(document.RootElement.GetProperty("series").EnumerateArray(), s => Assert.StartsWith("p-", s.GetProperty("subject").GetString(), StringComparison.Ordinal));

        // The uncertain series is an examination of its own without a name, so no certain one has to wait for it.
        var scan = DatasetScanner.Scan(_site.PathOf("scan/manifest.csv"));
        Assert.Equal((3, 1), (scan.Cases.Count, scan.Skipped.Count));
    }

    [Fact]
    public async Task A_corrected_manifest_is_not_overwritten_unless_asked()
    {
        Assert.Equal(0, (await Run("data")).Code);
        var before = File.ReadAllText(_site.PathOf("scan/manifest.csv"));
        File.WriteAllText(_site.PathOf("scan/manifest.csv"), "corrected");
        var (code, _, error) = await Run("data");
        Assert.Equal(20, code);
        Assert.StartsWith("BMF-1120", error, StringComparison.Ordinal);
        Assert.Equal("corrected", File.ReadAllText(_site.PathOf("scan/manifest.csv")));
        Assert.Equal(0, (await Run("data", "--overwrite")).Code);
        Assert.Equal(before, File.ReadAllText(_site.PathOf("scan/manifest.csv")));
    }

    [Fact]
    public async Task Names_stay_when_asked_and_a_dry_run_writes_nothing()
    {
        var (code, output, _) = await Run("data", "--dry-run", "--all");
        Assert.Equal(0, code);
        Assert.Contains("localizer.nii.gz", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_site.PathOf("scan")));
        Assert.False(File.Exists(_site.Folder.PseudonymKey));
        Assert.Equal(0, (await Run("data", "--keep-names", "--out", "named")).Code);
        Assert.Contains("Roe_Rick,study2,t1,", File.ReadAllText(_site.PathOf("named/manifest.csv")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing", "BMF-1110")]
    [InlineData("empty", "BMF-1101")]
    [InlineData("data/Roe_Rick/localizer.nii.gz", "BMF-1006")]
    public async Task Nothing_to_scan_has_its_number(string path, string number)
    {
        Directory.CreateDirectory(_site.PathOf("empty"));
        var (code, _, error) = await Run(path);
        Assert.StartsWith(number, error, StringComparison.Ordinal);
        Assert.Equal(number == "BMF-1006" ? 2 : 20, code);
        Assert.False(Directory.Exists(_site.PathOf("scan")));
    }

    private async Task<(int Code, string Output, string Error)> Run(params string[] arguments)
    {
        var info = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "site-agent"), ["data", "scan", .. arguments, "--dir", _site.Folder.Root])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _site.Folder.Root,
        };
        using var process = Process.Start(info)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
