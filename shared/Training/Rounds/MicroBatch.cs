using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Networks.Masking;
using BrainMVP.Federated.Networks.Templates;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Schedules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Rounds;

/// <summary>The two masked views of one micro-batch. Belongs to the dispose scope it was made in.</summary>
/// <param name="Target">[B, 1, R, A, S].</param>
/// <param name="Views">View 1 of all samples, then view 2: [2B, 1, R, A, S].</param>
/// <param name="Modalities">Target modality of each sample.</param>
internal sealed record MicroBatch(Tensor Target, Tensor Views, IReadOnlyList<string> Modalities);

/// <summary>
/// Draws micro-batches. Every draw comes from a stream named by (seed, site, round, step, slot, purpose), where slots
/// count through the micro-batches of a step: nothing depends on what was drawn before.
/// </summary>
internal sealed class MicroBatchSampler(Plan plan, string site, SiteData data)
{
    private readonly RunProgress _schedule = new(plan);

    /// <param name="round">1-based.</param>
    /// <param name="step">0-based step of the round.</param>
    /// <param name="part">0-based micro-batch of the step.</param>
    /// <param name="templates">Fillers; the views are differentiable in them.</param>
    public MicroBatch Draw(int round, int step, int part, TemplateBank templates)
    {
        var (crop, training) = (plan.Imaging.Crop, plan.Training);
        var crossModal = _schedule.CrossModal(_schedule.At(round, step));
        var normalized = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        List<Tensor> targets = [], views1 = [], views2 = [];
        List<string> modalities = [];
        for (var i = 0; i < training.BatchSize; i++)
        {
            var slot = (part * training.BatchSize) + i;
            CounterRandom Stream(string purpose) => new((ulong)plan.Seed, "site", site, "round", round, "step", step, "slot", slot, purpose);
            var item = data.CaseOf((_schedule.GlobalStep(round, step) * training.BatchSize * training.Accumulation) + slot);
            var owned = data.ModalitiesOf(item);
            var modality = owned[Stream("target").NextInt32(owned.Count)];
            var start = CropSampler.Draw(item.Shape, crop, Stream("crop"));
            var target = CropOf(item, modality, start);
            if (!normalized.TryGetValue(modality, out var template))
            {
                normalized.Add(modality, template = templates.Normalized(modality));
            }

            var own = TemplateBank.Crop(template, [.. start.Zip(item.CanvasOffset, (a, b) => a + b)], crop);
            var others = owned.Where(m => m != modality).ToArray();
            var other = crossModal && others.Length > 0
                ? CropOf(item, others[Stream("filler").NextInt32(others.Length)], start)
                : own;
            targets.Add(target);
            modalities.Add(modality);
            views1.Add(MaskedViews.Fill(target, Mask(Stream(training.SharedMask ? "mask" : "mask1")), own));
            views2.Add(MaskedViews.Fill(target, Mask(Stream(training.SharedMask ? "mask" : "mask2")), other));
        }

        return new MicroBatch(stack(targets).unsqueeze(1), stack([.. views1, .. views2]).unsqueeze(1), modalities);
    }

    private Tensor CropOf(TrainingCase item, string modality, int[] start)
    {
        var crop = plan.Imaging.Crop;
        var voxels = new float[crop[0] * crop[1] * crop[2]];
        CropSampler.Copy(item.Volume(modality).Span, item.Shape, start, crop, voxels);
        return tensor(voxels).reshape(crop[0], crop[1], crop[2]);
    }

    private Tensor Mask(CounterRandom random)
    {
        var crop = plan.Imaging.Crop;
        return tensor(GridMask.Draw(crop, plan.Training.MaskCell, plan.Training.MaskRatio, random)).reshape(crop[0], crop[1], crop[2]);
    }
}
