using BrainMVP.Federated.EndToEnd.Tests.Support;

namespace BrainMVP.Federated.EndToEnd.Tests.Finetuning;

/// <summary>A federation that learns to segment from the sites' labels: real aggregator, agents and trainers.</summary>
public sealed class SupervisedRunTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_supervised_run_survives_killed_processes_bit_by_bit_and_its_model_labels_cases()
    {
        await using var folder = new TemporaryFolder();
        await Phantom(folder, "north", "t1,t2", labels: true);
        await Phantom(folder, "south", "t1", labels: true);

        var task = folder.Write("task.yaml", """
            modalities: [t1, t2]
            regions: [WT=1+2+4, TC=1+4]
            network:
              widths: [4, 6, 8, 12]
              depths: [1, 1, 1, 1]
              headWidth: 4
              mlpRatio: 2
            imaging:
              spacingMm: 4
              canvas: [60, 60, 40]
              crop: [16, 16, 16]
            training:
              learningRate: 0.01
              checkpointEvery: 2
            split:
              heldOut: 0.25
            """);
        var written = await RunningProcess.Run(Programs.Aggregator, ["plan", "init", "--preset", "demo", "--task", task], _cancellation);
        var plan = folder.Write("plan.yaml", written.Succeeded().Output.Replace("  count: 6", "  count: 2", StringComparison.Ordinal).Replace("  localSteps: 40", "  localSteps: 6", StringComparison.Ordinal).Replace("  crossSite: false", "  crossSite: true", StringComparison.Ordinal));
        string[] arguments = ["--plan", plan, "--data", folder.PathOf("north"), "--data", folder.PathOf("south")];
        (await SimulationProcess.Run(folder.PathOf("whole"), arguments, _cancellation)).Succeeded();
        (await SimulationProcess.Run(folder.PathOf("cut"), [.. arguments, "--fault", "trainer:1@round=1,step=train", "--fault", "aggregator@round=2,step=sum", "--fault", "agent:2@round=2,step=upload"], _cancellation)).Succeeded();
        Assert.Equal(SimulationProcess.ModelHash(folder.PathOf("whole")), SimulationProcess.ModelHash(folder.PathOf("cut")));

        var last = SimulationProcess.Summary(folder.PathOf("whole")).GetProperty("validation").EnumerateArray().Last();
        Assert.Equal(["TC", "WT"], last.GetProperty("scores").EnumerateObject().Select(s => s.Name).Order());
        Assert.Contains("Mean Dice", await File.ReadAllTextAsync(folder.PathOf("whole", "report.html"), _cancellation), StringComparison.Ordinal);

        (await Agent("predict", "--model", folder.PathOf("whole"), "--plan", plan, "--data", folder.PathOf("south"), "--out", folder.PathOf("predictions"))).Succeeded();
        Assert.Equal(4, Directory.GetFiles(folder.PathOf("predictions"), "*_seg.nii.gz").Length);

        // Every site's own model on every site's cases; a site's own on its own is what was reported of the final model.
        var compared = Comparison("whole");
        Assert.Equal(["north on north", "north on south", "south on north", "south on south"], compared.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(compared, Comparison("cut"));
        var bySite = SimulationProcess.Summary(folder.PathOf("whole")).GetProperty("lossBySite").EnumerateArray().Last();
        Assert.All((string[])["north", "south"], s => Assert.Equal(1 - bySite.GetProperty(s).GetDouble(), compared[$"{s} on {s}"], 1e-12));
        Assert.Contains("own model on each site", await File.ReadAllTextAsync(folder.PathOf("whole", "report.html"), _cancellation), StringComparison.Ordinal);

        Dictionary<string, double> Comparison(string run) => SimulationProcess.Summary(folder.PathOf(run)).GetProperty("comparison").EnumerateArray().ToDictionary(
            c => $"{c.GetProperty("modelSite").GetString()} on {c.GetProperty("dataSite").GetString()}",
            c => c.GetProperty("scores").EnumerateObject().Average(s => s.Value.GetDouble()),
            StringComparer.Ordinal);

        // What a site has when the run is over, with its own normalisations, needs no plan.
        string ModelOf(string run) => folder.PathOf(run, "models", "south", "model.safetensors");
        Assert.Equal(await File.ReadAllBytesAsync(ModelOf("whole"), _cancellation), await File.ReadAllBytesAsync(ModelOf("cut"), _cancellation));
        Assert.NotEqual(await File.ReadAllBytesAsync(ModelOf("whole"), _cancellation), await File.ReadAllBytesAsync(folder.PathOf("whole", "models", "north", "model.safetensors"), _cancellation));
        (await Agent("predict", "--model", folder.PathOf("whole", "models", "south"), "--data", folder.PathOf("south"), "--out", folder.PathOf("own"))).Succeeded();
        Assert.Equal(4, Directory.GetFiles(folder.PathOf("own"), "*_seg.nii.gz").Length);
        folder.HoldsNoProcess();
    }

    [Fact]
    public async Task A_site_without_labels_says_so_to_the_administrator_and_a_run_without_held_out_cases_claims_no_score()
    {
        await using var folder = new TemporaryFolder();
        await Phantom(folder, "north", "t1", labels: true);
        await Phantom(folder, "south", "t1", labels: true);
        await Phantom(folder, "east", "t1", labels: false);
        var plan = folder.Write("plan.yaml", """
            preset: demo
            name: tiny
            modalities: [t1]
            rounds:
              count: 1
              localSteps: 2
            network:
              widths: [4, 6, 8, 12]
              depths: [1, 1, 1, 1]
              headWidth: 4
              mlpRatio: 2
            imaging:
              crop: [16, 16, 16]
            downstream:
              kind: segmentation
              regions: [WT=1+2+4]
            split:
              heldOut: 0
            """);
        var finished = (await SimulationProcess.Run(folder.PathOf("out"), ["--plan", plan, "--data", folder.PathOf("north"), "--data", folder.PathOf("south"), "--data", folder.PathOf("east")], _cancellation)).Succeeded();
        Assert.Contains("refused the plan: BMF-1123", finished.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Dice on held-out cases", finished.Output, StringComparison.Ordinal);
        Assert.Empty(SimulationProcess.Summary(folder.PathOf("out")).GetProperty("loss").EnumerateArray());
    }

    private async Task Phantom(TemporaryFolder folder, string site, string modalities, bool labels) =>
        (await Agent("phantom", "--out", folder.PathOf(site), "--cases", "4", "--disease", "glioma", "--modalities", modalities, "--prefix", site, "--spacing", "4", "--labels", labels ? "true" : "false")).Succeeded();

    private Task<Finished> Agent(params string[] arguments) => RunningProcess.Run(Programs.SiteAgent, arguments, _cancellation);
}
