using System.Text.Json;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.EndToEnd.Tests.Support;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.EndToEnd.Tests.Input;

/// <summary>Volumes that cannot be trained on.</summary>
public sealed class DataTests(SharedRuns shared)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_any_usable_case_the_simulation_ends_with_its_number_and_no_model()
    {
        await using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.PathOf("empty"));
        Directory.CreateDirectory(folder.PathOf("notes"));
        folder.Write(Path.Combine("notes", "readme.txt"), "no images here");
        var finished = await SimulationProcess.Run(folder.PathOf("out"), ["--data", folder.PathOf("empty"), "--data", folder.PathOf("notes")], _cancellation);
        finished.FailedWith(ErrorCatalogue.NoUsableCase, "north", "south");
        folder.HoldsNoProcess();
        Assert.False(File.Exists(folder.PathOf("out", "global-model.safetensors")));
        Assert.False(Directory.Exists(folder.PathOf("out", "templates")));
        Assert.Contains(ErrorCatalogue.NoUsableCase.Id, await File.ReadAllTextAsync(folder.PathOf("out", "report.html"), _cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_cases_are_skipped_with_their_reasons_and_training_goes_on_also_at_a_site_with_one_modality()
    {
        await using var folder = new TemporaryFolder();
        var good = await shared.Data;
        var mixed = folder.PathOf("mixed");
        Phantoms.Copy(good[0], mixed);
        Spoil(mixed);
        var single = folder.PathOf("single");
        Phantoms.Copy(good[2], single);
        foreach (var file in Directory.GetFiles(single, "*_T2.nii.gz", SearchOption.AllDirectories))
        {
            File.Delete(file);
        }

        Directory.CreateDirectory(folder.PathOf("empty"));
        var finished = await SimulationProcess.Run(
            folder.PathOf("out"),
            ["--plan", folder.Write("plan.yaml", Plans.Tiny(3)), "--data", mixed, "--data", good[1], "--data", single, "--data", folder.PathOf("empty")],
            _cancellation);
        finished.Succeeded();
        folder.HoldsNoProcess();

        var sites = SimulationProcess.Summary(folder.PathOf("out")).GetProperty("sites").EnumerateArray().ToArray();
        Assert.Equal(
            [("nan", "BMF-1106"), ("shifted", "BMF-1107"), ("text", "BMF-1103"), ("truncated", "BMF-1102")],
            sites[0].GetProperty("skipped").EnumerateArray().Select(s => (s.GetProperty("subject").GetString()!, s.GetProperty("error").GetString()!)));
        Assert.Equal([3, 3, 3, 0], sites.Select(s => s.GetProperty("cases").GetInt32()));
        Assert.Equal([6, 6, 6, 0], sites.Select(s => s.GetProperty("steps").GetInt32()));
        Assert.Equal(["t1"], sites[2].GetProperty("modalities").EnumerateArray().Select(m => m.GetString()));
        AssertReported(folder, sites[3]);
    }

    /// <summary>A site without a usable case is left out and the report says why; its patients' names stay at the site.</summary>
    private static void AssertReported(TemporaryFolder folder, JsonElement empty)
    {
        Assert.StartsWith(ErrorCatalogue.NoUsableCase.Id, empty.GetProperty("refusal").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(folder.Root, empty.GetProperty("refusal").GetString(), StringComparison.Ordinal);
        var report = File.ReadAllText(folder.PathOf("out", "report.html"));
        Assert.All((string[])["refused the plan: BMF-1101", "BMF-1106", "BMF-1107", "BMF-1103", "BMF-1102"], e => Assert.Contains(e, report, StringComparison.Ordinal));
    }

    private static void Spoil(string data)
    {
        var t1 = Phantoms.File(data, "north", 1, "T1");
        var t2 = Phantoms.File(data, "north", 1, "T2");
        var volume = NiftiReader.Read(t1);

        File.Copy(t2, Path.Combine(data, "nan_T2.nii.gz"));
        var voxels = (float[])volume.Voxels.Clone();
        voxels[voxels.Length / 2] = float.NaN;
        NiftiWriter.Write(Path.Combine(data, "nan_T1.nii.gz"), new Volume(volume.Shape, volume.Affine, voxels));

        File.Copy(t2, Path.Combine(data, "shifted_T2.nii.gz"));
        NiftiWriter.Write(Path.Combine(data, "shifted_T1.nii.gz"), new Volume(volume.Shape, volume.Affine.MovedTo(20, 20, 0), volume.Voxels));

        File.Copy(t2, Path.Combine(data, "truncated_T2.nii.gz"));
        var whole = File.ReadAllBytes(t1);
        File.WriteAllBytes(Path.Combine(data, "truncated_T1.nii.gz"), whole[..(whole.Length / 2)]);

        File.Copy(t2, Path.Combine(data, "text_T2.nii.gz"));
        File.WriteAllText(Path.Combine(data, "text_T1.nii.gz"), "This is a letter, not an image. " + new string('x', 1000));
    }
}
