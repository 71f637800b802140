using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Imaging.Pictures;
using BrainMVP.Federated.Imaging.Volumes;
using BrainMVP.Federated.Networks.Masking;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Networks.Templates;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Hosting;
using BrainMVP.Federated.Training.Models;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Evaluation;

/// <summary>What a model makes of one case, for people to look at: target, masked view, reconstruction, template.</summary>
public static class ReconstructionPictures
{
    /// <summary>Modalities of one picture.</summary>
    private const int Most = 4;

    /// <summary>One montage of three planes through the middle crop of the site's first held-out case, or of its first case.</summary>
    /// <param name="plan">Network, crop and masks.</param>
    /// <param name="site">Names the split and the masks.</param>
    /// <param name="modelPath">Model, safetensors.</param>
    /// <param name="templatePaths">Template files by modality.</param>
    /// <param name="dataFolder">Prepared data set.</param>
    /// <returns>A PNG file.</returns>
    public static byte[] Render(Plan plan, string site, string modelPath, IReadOnlyDictionary<string, string> templatePaths, string dataFolder)
    {
        TorchRuntime.Start(plan.Training.Threads);
        using var cases = PreparedCases.Open(dataFolder, plan);
        var data = new SiteData(plan, site, cases.Cases);
        var item = data.HeldOut.Concat(data.Training).First();
        using var model = ReconstructionModel.Create(plan.Network);
        ModelFile.Load(model, modelPath);
        using var templates = ModelFile.LoadTemplates(plan, data.Owned, templatePaths);
        model.eval();
        using var noGradient = no_grad();
        return Montage.Render([.. data.ModalitiesOf(item).Take(Most).SelectMany(m => Rows(plan, site, item, m, model, templates))]);
    }

    private static IEnumerable<MontageRow> Rows(Plan plan, string site, TrainingCase item, string modality, ReconstructionModel model, TemplateBank templates)
    {
        using var scope = NewDisposeScope();
        var crop = plan.Imaging.Crop;
        long[] shape = [crop[0], crop[1], crop[2]];
        var start = Enumerable.Range(0, 3).Select(axis => (int)Math.Floor((item.Shape[axis] - crop[axis]) / 2.0)).ToArray();
        var voxels = new float[crop[0] * crop[1] * crop[2]];
        item.Volume(modality).Copy(start, crop, voxels);
        var mask = Masks.Draw(plan.Training, crop, new CounterRandom((ulong)plan.Seed, "site", site, "picture", modality, "mask"));
        var target = tensor(voxels).reshape(shape);
        var template = TemplateBank.Crop(templates.Normalized(modality), [.. start.Zip(item.CanvasOffset, (a, b) => a + b)], crop);
        var view = MaskedViews.Fill(target, tensor(mask).reshape(shape), template);
        var reconstruction = model.call(view.unsqueeze(0).unsqueeze(0)).Volume;
        return
        [
            Row($"{modality} target", voxels),
            Row($"{modality} masked", Values(view)),
            Row($"{modality} output", Values(reconstruction)),
            Row($"{modality} template", Values(template), whole: false),
        ];

        // A young template covers a small part of the grey scale: it gets a window of its own.
        MontageRow Row(string label, float[] values, bool whole = true)
        {
            var spacing = plan.Imaging.SpacingMm;
            var volume = new Volume(new VolumeShape(crop[0], crop[1], crop[2]), Affine.Scaling(spacing, spacing, spacing), values);
            return new MontageRow(label, volume, whole ? new GreyWindow(0, 1) : null);
        }
    }

    private static float[] Values(Tensor tensor) => ModelState.Elements(tensor.contiguous()).ToArray();
}
