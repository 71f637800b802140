using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.EndToEnd.Tests.Support;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.EndToEnd.Tests.Finetuning;

/// <summary><c>site-agent finetune</c>, <c>predict</c> and <c>evaluate</c>: the real trainer process on phantoms with tumours.</summary>
public sealed class FinetuneTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fine_tuning_that_is_killed_ends_with_the_same_bytes_and_its_predictions_lie_on_the_images()
    {
        await using var folder = new TemporaryFolder();
        (await Agent("phantom", "--out", folder.PathOf("data"), "--cases", "6", "--disease", "glioma", "--modalities", "t1,t2", "--spacing", "4")).Succeeded();
        var task = folder.Write("task.yaml", """
            modalities: [t1, t2]
            network:
              widths: [4, 6, 8, 12]
              depths: [1, 1, 1, 1]
              headWidth: 4
              mlpRatio: 2
            imaging:
              spacingMm: 4
              canvas: [60, 60, 40]
              crop: [32, 32, 32]
            training:
              steps: 12
              learningRate: 0.01
              validateEvery: 6
              checkpointEvery: 2
            split:
              folds: 3
            """);
        (await Finetune(folder, task, "whole")).Succeeded();
        await using (var killed = RunningProcess.Start(Programs.SiteAgent, Arguments(folder, task, "cut")))
        {
            await Wait.Until(() => File.Exists(folder.PathOf("cut", "job", "checkpoint.safetensors")), () => "no checkpoint", _cancellation);
            killed.Send(Signals.Kill);
            await killed.Finish(_cancellation);
        }

        (await Finetune(folder, task, "cut")).Succeeded();
        Assert.Equal(await File.ReadAllBytesAsync(folder.PathOf("whole", "model.safetensors"), _cancellation), await File.ReadAllBytesAsync(folder.PathOf("cut", "model.safetensors"), _cancellation));

        // Images of people do not stay behind.
        Assert.False(Directory.Exists(folder.PathOf("cut", "data")));

        (await Agent("predict", "--model", folder.PathOf("whole"), "--data", folder.PathOf("data"), "--out", folder.PathOf("predictions"), "--split", "test")).Succeeded();
        (await Agent("predict", "--model", folder.PathOf("whole"), "--data", folder.PathOf("data"), "--out", folder.PathOf("without"), "--split", "test", "--missing", "t1")).Succeeded();
        Assert.Contains("\"t1\"", await File.ReadAllTextAsync(folder.PathOf("without", "predictions.json"), _cancellation), StringComparison.Ordinal);
        (await Agent("evaluate", "--predictions", folder.PathOf("predictions"), "--data", folder.PathOf("data"), "--out", folder.PathOf("report"))).Succeeded();
        var lines = (await File.ReadAllLinesAsync(folder.PathOf("report", "cases.csv"), _cancellation)).Skip(1).Select(l => l.Split(',')).ToArray();
        Assert.Equal(2 * 3, lines.Length);
        foreach (var line in lines)
        {
            var truth = NiftiReader.Read(Directory.GetFiles(folder.PathOf("data", line[1]), "*_seg.nii.gz").Single());
            var prediction = NiftiReader.Read(folder.PathOf("predictions", $"{line[1]}_seg.nii.gz"));
            Assert.True(prediction.SharesGridWith(truth));
            float[] labels = line[3] switch { "TC" => [1, 4], "WT" => [1, 2, 4], _ => [4] };
            Assert.Equal(DiceOf(truth, prediction, labels), double.Parse(line[4], CultureInfo.InvariantCulture), 1e-9);
        }

        await Predicting_that_is_killed_goes_on_where_it_stopped(folder);
        Assert.Contains("<img", await File.ReadAllTextAsync(folder.PathOf("report", "report.html"), _cancellation), StringComparison.Ordinal);
        folder.HoldsNoProcess();
    }

    private async Task Predicting_that_is_killed_goes_on_where_it_stopped(TemporaryFolder folder)
    {
        // Slow enough to be killed between two cases.
        string[] Arguments(string output) =>
            ["predict", "--model", folder.PathOf("whole"), "--data", folder.PathOf("data"), "--out", folder.PathOf(output), "--device", "cpu", "--flips", "--overlap", "0.5"];
        (await Agent(Arguments("all"))).Succeeded();
        await using (var killed = RunningProcess.Start(Programs.SiteAgent, Arguments("resumed")))
        {
            await Wait.Until(() => Records("resumed").Length > 0, () => "no case was labelled", _cancellation);
            killed.Send(Signals.Kill);
            await killed.Finish(_cancellation);
        }

        var before = Records("resumed").ToDictionary(r => r, r => (File.GetLastWriteTimeUtc(r), File.GetLastWriteTimeUtc(LabelsOf(r))));
        (await Agent(Arguments("resumed"))).Succeeded();
        Assert.All(before, b => Assert.Equal(b.Value, (File.GetLastWriteTimeUtc(b.Key), File.GetLastWriteTimeUtc(LabelsOf(b.Key)))));
        foreach (var whole in Directory.GetFiles(folder.PathOf("all"), "*.nii.gz"))
        {
            Assert.Equal(await File.ReadAllBytesAsync(whole, _cancellation), await File.ReadAllBytesAsync(folder.PathOf("resumed", Path.GetFileName(whole)), _cancellation));
        }

        // What is damaged since, or was made by another model, is made again.
        var broken = LabelsOf(Records("resumed")[0]);
        var bytes = await File.ReadAllBytesAsync(broken, _cancellation);
        await File.WriteAllBytesAsync(broken, bytes[..^1], _cancellation);
        (await Agent(Arguments("resumed"))).Succeeded();
        Assert.Equal(bytes, await File.ReadAllBytesAsync(broken, _cancellation));

        string[] Records(string output) => Directory.Exists(folder.PathOf(output, ".cases")) ? [.. Directory.GetFiles(folder.PathOf(output, ".cases"), "*.json").Order(StringComparer.Ordinal)] : [];

        string LabelsOf(string record) => folder.PathOf("resumed", Path.GetFileNameWithoutExtension(record) + "_seg.nii.gz");
    }

    [Fact]
    public async Task A_label_that_no_case_has_and_a_wrong_field_are_numbered_errors()
    {
        await using var folder = new TemporaryFolder();
        (await Agent("phantom", "--out", folder.PathOf("data"), "--cases", "2", "--disease", "glioma", "--modalities", "t1,t2", "--spacing", "4")).Succeeded();
        const string Small = "modalities: [t1, t2]\nimaging:\n  spacingMm: 4\n  canvas: [60, 60, 40]\n  crop: [32, 32, 32]\n";
        (await Finetune(folder, folder.Write("labels.yaml", "regions: [ET=3]\n" + Small), "out")).FailedWith(ErrorCatalogue.NoLabelledCase, "ET=3");
        (await Finetune(folder, folder.Write("field.yaml", "region: [ET=3]\n" + Small), "out2")).FailedWith(ErrorCatalogue.TaskInvalid, "region");
    }

    private static double DiceOf(Volume truth, Volume prediction, float[] labels)
    {
        var (real, found, both) = (0, 0, 0);
        for (var n = 0; n < truth.Voxels.Length; n++)
        {
            var (t, p) = (labels.Contains(truth.Voxels[n]), labels.Contains(prediction.Voxels[n]));
            (real, found, both) = (real + (t ? 1 : 0), found + (p ? 1 : 0), both + (t && p ? 1 : 0));
        }

        return real > 0 ? 2.0 * both / (real + found) : found == 0 ? 1 : 0;
    }

    private Task<Finished> Finetune(TemporaryFolder folder, string task, string output) => RunningProcess.Run(Programs.SiteAgent, Arguments(folder, task, output), _cancellation);

    private static string[] Arguments(TemporaryFolder folder, string task, string output) =>
        ["finetune", "--task", task, "--data", folder.PathOf("data"), "--out", folder.PathOf(output), "--device", "cpu"];

    private Task<Finished> Agent(params string[] arguments) => RunningProcess.Run(Programs.SiteAgent, arguments, _cancellation);
}
