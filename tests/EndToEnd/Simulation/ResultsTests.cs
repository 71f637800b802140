using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.RegularExpressions;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.EndToEnd.Tests.Support;
using BrainMVP.Federated.Trust.Certificates;
using BrainMVP.Federated.Trust.Documents;

namespace BrainMVP.Federated.EndToEnd.Tests.Simulation;

/// <summary>What the four default phantom hospitals leave in the output folder.</summary>
public sealed partial class ResultsTests(ResultsTests.FourHospitals run) : IClassFixture<ResultsTests.FourHospitals>
{
    [Fact]
    public void The_summary_holds_every_promised_field()
    {
        var summary = run.Summary;
        Assert.Equal("completed", summary.GetProperty("status").GetString());
        Assert.Equal(11, summary.GetProperty("seed").GetInt32());
        Assert.Equal(2, summary.GetProperty("rounds").GetInt32());
        Assert.Equal(3, summary.GetProperty("loss").GetArrayLength());
        Assert.All(summary.GetProperty("loss").EnumerateArray(), l => Assert.InRange(l.GetDouble(), 1e-6, 10));
        Assert.True(summary.GetProperty("timings").GetProperty("training").GetDouble() > 0);
        var sites = summary.GetProperty("sites").EnumerateArray().ToArray();
        Assert.Equal(["north", "south", "east", "west"], sites.Select(s => s.GetProperty("name").GetString()));
        Assert.Equal([4, 3, 2, 6], sites.Select(s => s.GetProperty("modalities").GetArrayLength()));
        Assert.Equal([8, 6, 5, 6], sites.Select(s => s.GetProperty("cases").GetInt32()));
        Assert.All(sites, s => Assert.Equal(16, s.GetProperty("steps").GetInt32()));
        Assert.All(sites, s => Assert.Equal(1, s.GetProperty("minimumCohort").GetInt32()));
        Assert.Equal(
            ["adc", "dwi", "flair", "t1", "t1c", "t2"],
            summary.GetProperty("templates").EnumerateObject().Select(t => t.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_model_is_measured_from_its_templates_and_from_other_modalities()
    {
        var validation = run.Summary.GetProperty("validation").EnumerateArray().ToArray();
        Assert.Equal([0, 1, 2], validation.Select(v => v.GetProperty("round").GetInt32()));
        var views = validation[^1].GetProperty("views").EnumerateArray().ToArray();
        Assert.Equal(6, views.Count(v => v.GetProperty("source").GetString() == "template"));

        // One site has all six modalities, so every pair is measured somewhere.
        Assert.Equal(30, views.Count(v => v.GetProperty("source").GetString() != "template"));
        Assert.All(views, v => Assert.InRange(v.GetProperty("mse").GetDouble(), 1e-6, 10));
        Assert.All(views, v => Assert.InRange(v.GetProperty("psnr").GetDouble(), -10, 60));
        Assert.All(views, v => Assert.InRange(v.GetProperty("ssim").GetDouble(), -1, 1));
        Assert.All(views, v => Assert.True(v.GetProperty("crops").GetInt32() > 0));
        Assert.Contains("from dwi", File.ReadAllText(run.PathOf("report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_global_model_has_the_hash_that_summary_and_last_commit_state()
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(run.PathOf("global-model.safetensors"))));
        Assert.Equal(hash, run.Summary.GetProperty("globalModel").GetProperty("sha256").GetString());
        using var commit = JsonDocument.Parse(File.ReadAllBytes(run.PathOf("documents", "round-0002-commit.json")));
        Assert.Equal(hash, commit.RootElement.GetProperty("model").GetString());
    }

    [Theory]
    [InlineData("dwi")]
    [InlineData("adc")]
    public void A_template_that_only_one_site_owns_is_withheld_with_the_reason(string modality)
    {
        var template = run.Summary.GetProperty("templates").GetProperty(modality);
        Assert.False(template.GetProperty("delivered").GetBoolean());
        Assert.Equal(0, template.GetProperty("contributors").GetInt32());
        Assert.Contains("only 1 site owns it", template.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(run.PathOf("templates"), modality + "*"));
    }

    [Theory]
    [InlineData("t1")]
    [InlineData("t1c")]
    [InlineData("t2")]
    [InlineData("flair")]
    public void A_template_with_several_owners_is_delivered_as_volume_and_picture(string modality)
    {
        var template = run.Summary.GetProperty("templates").GetProperty(modality);
        Assert.True(template.GetProperty("delivered").GetBoolean());
        Assert.True(template.GetProperty("contributors").GetInt32() >= 2);
        Assert.Equal(100, template.GetProperty("structure").GetProperty("shifts").GetInt32());
        var tensor = run.PathOf("templates", modality + ".safetensors");
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(tensor))), template.GetProperty("sha256").GetString());
        var volume = Imaging.Nifti.NiftiReader.Read(run.PathOf("templates", modality + ".nii.gz"));
        Assert.Equal((60, 60, 40), (volume.Shape.I, volume.Shape.J, volume.Shape.K));
        Assert.Equal([0x89, 0x50, 0x4E, 0x47], File.ReadAllBytes(run.PathOf("templates", modality + ".png"))[..4]);
    }

    [Fact]
    public void The_report_needs_nothing_from_elsewhere()
    {
        var report = File.ReadAllText(run.PathOf("report.html"));
        Assert.Contains("data:image/png;base64,", report, StringComparison.Ordinal);
        Assert.Contains("minimumCohort: 1", report, StringComparison.Ordinal);
        Assert.All(References().Matches(report), m => Assert.StartsWith("data:", m.Groups["target"].Value, StringComparison.Ordinal));
        Assert.DoesNotContain("<link", report, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<script", report, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("@import", report, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("url(", report, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Every_signed_document_verifies_with_the_consortiums_authority_and_no_altered_one_does()
    {
        using var authority = CertificateFiles.LoadCertificate(run.PathOf("work", "aggregator", "admin", "ca.crt"));
        var documents = Directory.GetFiles(run.PathOf("documents"), "*.json");
        Assert.Equal(7, documents.Length);
        Assert.All(documents, d => Check(d, authority));
    }

    [Fact]
    public void No_process_is_left()
    {
        Assert.Equal(0, run.Finished.ExitCode);
        Assert.Equal("", run.Finished.Errors);
        Assert.Empty(run.ProcessesAtTheEnd);
    }

    private static void Check(string document, X509Certificate2 authority)
    {
        var content = File.ReadAllBytes(document);
        var signature = File.ReadAllBytes(document + ".p7s");
        var now = TimeProvider.System.GetUtcNow();
        Assert.Equal(CertificateRole.Aggregator, SignedDocuments.Verify(content, signature, authority, now).Role);
        content[content.Length / 2] ^= 1;
        Assert.Equal(ErrorCatalogue.SignatureInvalid, Assert.Throws<FederationException>(() => SignedDocuments.Verify(content, signature, authority, now)).Code);
    }

    [GeneratedRegex("""(?:src|href|srcset|poster|action|data)\s*=\s*["']?(?<target>[^"'\s>]*)""", RegexOptions.IgnoreCase)]
    private static partial Regex References();

    /// <summary>One short run of the four default hospitals.</summary>
    public sealed class FourHospitals : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();

        internal Finished Finished { get; private set; } = new(-1, "", "");

        internal JsonElement Summary { get; private set; }

        internal IReadOnlyList<(int Id, string CommandLine)> ProcessesAtTheEnd { get; private set; } = [];

        internal string PathOf(params string[] parts) => Path.Combine([_folder.Root, "out", .. parts]);

        public async ValueTask InitializeAsync()
        {
            var plan = _folder.Write("plan.yaml", Plans.Tiny(8, modalities: "t1, t1c, t2, flair, dwi, adc"));
            Finished = await SimulationProcess.Run(PathOf(), ["--plan", plan, "--sites", "4", "--seed", "11", "--phantom-spacing", "4", "--keep"], CancellationToken.None);
            ProcessesAtTheEnd = _folder.Processes();
            Summary = SimulationProcess.Summary(PathOf());
        }

        public ValueTask DisposeAsync() => _folder.DisposeAsync();
    }
}
