using System.Diagnostics;
using BrainMVP.Federated.Contracts.Tensors;

namespace BrainMVP.Federated.SiteAgent.Tests.Commands;

/// <summary>The model commands as they are typed, on a network of a few thousand parameters.</summary>
public sealed class ModelCommandTests : IDisposable
{
    private const string Plan = """
        preset: demo
        name: tiny
        modalities: [flair, t1]
        network:
          widths: [4, 6, 8, 12]
          depths: [1, 1, 1, 1]
          headWidth: 4
        imaging:
          canvas: [20, 18, 16]
          crop: [16, 16, 16]
        """;

    private readonly TemporarySite _site = new();

    public ModelCommandTests() => File.WriteAllText(_site.PathOf("plan.yaml"), Plan);

    public void Dispose() => _site.Dispose();

    [Fact]
    public async Task A_model_goes_to_PyTorch_and_comes_back_the_same()
    {
        await Must("init", "plan.yaml", "--out", "model.safetensors");
        await Must("export", "--model", "model.safetensors", "--plan", "plan.yaml", "--out", "a.pt");
        var found = await Must("import", "a.pt", "--plan", "plan.yaml", "--out", "checkpoint.safetensors");
        Assert.Contains("Found uniformer:", found, StringComparison.Ordinal);
        Assert.Contains("template adc    0 to 0", found, StringComparison.Ordinal);
        Assert.Matches("SHA-256 [0-9a-f]{64}", found);
        await Must("export", "--checkpoint", "checkpoint.safetensors", "--out", "b.pt");
        Assert.Equal(Bytes("a.pt"), Bytes("b.pt"));

        await Must("init", "plan.yaml", "--from", "checkpoint.safetensors", "--out", "again.safetensors", "--templates", "templates");
        Assert.Equal(Bytes("model.safetensors"), Bytes("again.safetensors"));
        foreach (var modality in new[] { "flair", "t1" })
        {
            using var template = new SafetensorsReader(Path.Combine(_site.PathOf("templates"), modality + ".safetensors"));
            Assert.Equal([20L, 18, 16], template.Tensors["template." + modality].Shape);
        }

        Assert.False(File.Exists(Path.Combine(_site.PathOf("templates"), "t2.safetensors")));
    }

    [Fact]
    public async Task Files_are_replaced_only_when_asked()
    {
        await Must("init", "plan.yaml", "--out", "model.safetensors");
        string[] export = ["export", "--model", "model.safetensors", "--plan", "plan.yaml", "--out", "a.pt"];
        await Must(export);
        Assert.Contains("--force", await Fails(2, "BMF-1006", export), StringComparison.Ordinal);
        await Must([.. export, "--force"]);
        await Must("import", "a.pt", "--plan", "plan.yaml", "--out", "c.safetensors");
        await Fails(2, "BMF-1006", "import", "a.pt", "--plan", "plan.yaml", "--out", "c.safetensors");
    }

    [Fact]
    public async Task Wrong_uses_end_with_their_numbers()
    {
        File.WriteAllText(_site.PathOf("text.pt"), "no checkpoint");
        await Fails(50, "BMF-1411", "import", "text.pt", "--out", "x");
        await Fails(2, "BMF-1006", "import", "missing.pt", "--out", "x");
        await Fails(2, "BMF-1006", "export", "--out", "x");
        await Fails(2, "BMF-1006", "export", "--model", "m", "--out", "x");
        await Fails(2, "BMF-1006", "export", "--model", "m", "--plan", "plan.yaml", "--checkpoint", "c", "--out", "x");
        await Fails(2, "BMF-1006", "export", "--checkpoint", "c", "--active-only", "--out", "x");
        await Fails(2, "BMF-1006", "init", "plan.yaml", "--templates", "t", "--out", "x");
        await Fails(50, "BMF-1401", "init", "plan.yaml", "--from", "missing", "--out", "x");
    }

    private byte[] Bytes(string name) => File.ReadAllBytes(_site.PathOf(name));

    private async Task<string> Must(params string[] arguments)
    {
        var (code, output, error) = await Run(arguments);
        Assert.True(code == 0, error);
        return output;
    }

    private async Task<string> Fails(int exitCode, string number, params string[] arguments)
    {
        var (code, _, error) = await Run(arguments);
        Assert.Equal(exitCode, code);
        Assert.StartsWith(number, error, StringComparison.Ordinal);
        return error;
    }

    private async Task<(int Code, string Output, string Error)> Run(string[] arguments)
    {
        var info = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "site-agent"), ["model", .. arguments])
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
