using System.Globalization;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Pictures;
using BrainMVP.Federated.Imaging.Volumes;
using Spectre.Console;

namespace BrainMVP.Federated.SiteAgent.Pretraining;

/// <summary>What a local pre-training leaves for people and programs.</summary>
internal static class PretrainResults
{
    /// <summary>Writes <c>summary.json</c>, the templates as NIfTI and their picture.</summary>
    public static void Write(PretrainFolder folder, Plan plan, PretrainProgress progress, IReadOnlyDictionary<string, ValidationSum> final)
    {
        DurableFile.WriteAllText(folder.Summary, CanonicalJson.ToReadable(new
        {
            Plan = CanonicalJson.Hash(plan),
            plan.Preset,
            Steps = progress.Rounds.Sum(r => r.Steps),
            SecondsPerStep = progress.Rounds.Sum(r => r.Seconds) / progress.Rounds.Sum(r => r.Steps),
            PeakMemoryBytes = progress.Rounds.Max(r => r.PeakMemoryBytes),
            DeviceMemoryBytes = progress.Rounds.Max(r => r.DeviceMemoryBytes),
            progress.Rounds,
            Validation = final,
        }));
        var rows = new List<MontageRow>();
        foreach (var (modality, path) in PretrainFolder.TemplatesIn(folder.Templates, plan))
        {
            var template = CanvasVolume.Read(path, TensorGroups.Template(modality), plan.Imaging);
            NiftiWriter.Write(Path.Combine(folder.Templates, modality + ".nii.gz"), template);
            rows.Add(new MontageRow(modality, template));
        }

        if (rows.Count > 0)
        {
            DurableFile.WriteAllBytes(folder.TemplatePicture, Montage.Render(rows, plan.Imaging.SpacingMm));
        }
    }

    /// <summary>Prints the held-out reconstruction error before and after.</summary>
    public static void Table(IReadOnlyDictionary<string, ValidationSum> first, IReadOnlyDictionary<string, ValidationSum> final)
    {
        if (final.Count == 0)
        {
            Console.WriteLine("No case was held out, so nothing is validated.");
            return;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumns("held-out view", "MSE before", "MSE after", "PSNR", "SSIM");
        foreach (var view in ValidationView.All(Modalities.All).Where(v => final.ContainsKey(v.Name)))
        {
            var after = final[view.Name];
            table.AddRow(
                view.Source is null ? $"{view.Target} from its template" : $"{view.Target} from {view.Source}",
                first.TryGetValue(view.Name, out var before) ? Text(before.SquaredError / before.Voxels, "F5") : "",
                Text(after.SquaredError / after.Voxels, "F5"),
                Text(after.Psnr / after.Crops, "F2") + " dB",
                Text(after.Ssim / after.Crops, "F3"));
        }

        AnsiConsole.Write(table);
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
