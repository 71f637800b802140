using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Pictures;
using BrainMVP.Federated.Imaging.Volumes;
using BrainMVP.Federated.Privacy.Templates;
using BrainMVP.Federated.Simulation.Federation;

namespace BrainMVP.Federated.Simulation.Results;

/// <summary>Writes a delivered template as NIfTI and PNG, its earlier rounds as PNG, and measures its structure.</summary>
public static class TemplateFiles
{
    /// <summary>Part of the brightest mean intensity above which a voxel counts as inside the head.</summary>
    private const double HeadThreshold = 0.1;

    /// <param name="folder">Holds <c>templates/MODALITY.safetensors</c> from the export.</param>
    /// <param name="plan">The run's plan.</param>
    /// <param name="modality">A delivered modality.</param>
    /// <param name="owners">Volumes of every site that owns it.</param>
    public static StructureResult Write(SimulationFolder folder, Plan plan, string modality, IReadOnlyList<SiteVolumes> owners)
    {
        var template = CanvasVolume.Read(Path.Combine(folder.Templates, modality + ".safetensors"), TensorGroups.Template(modality), plan.Imaging);
        NiftiWriter.Write(Path.Combine(folder.Templates, modality + ".nii.gz"), template);
        DurableFile.WriteAllBytes(Path.Combine(folder.Templates, modality + ".png"), ThreePlane.Render(template));
        var mean = Mean(plan, modality, owners);
        DurableFile.WriteAllBytes(Path.Combine(folder.Templates, modality + "-owners-mean.png"), ThreePlane.Render(new Volume(template.Shape, template.Affine, mean)));
        foreach (var earlier in Directory.Exists(folder.History) ? Directory.GetDirectories(folder.History) : [])
        {
            var file = Path.Combine(earlier, modality + ".safetensors");
            if (File.Exists(file))
            {
                DurableFile.WriteAllBytes(Path.ChangeExtension(file, ".png"), ThreePlane.Render(CanvasVolume.Read(file, TensorGroups.Template(modality), plan.Imaging)));
                File.Delete(file);
            }
        }

        var threshold = HeadThreshold * mean.Max();
        return StructureTest.Evaluate(template.Voxels, mean, [.. mean.Select(v => v > threshold)], plan.Imaging.Canvas, (ulong)plan.Seed);
    }

    private static float[] Mean(Plan plan, string modality, IReadOnlyList<SiteVolumes> owners)
    {
        var canvas = plan.Imaging.Canvas;
        var sum = new double[canvas[0] * canvas[1] * canvas[2]];
        var cases = owners.Sum(o => o.AddTo(sum, modality));
        return [.. sum.Select(v => (float)(v / cases))];
    }
}
