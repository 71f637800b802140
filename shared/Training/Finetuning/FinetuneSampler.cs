using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;
using BrainMVP.Federated.Networks.Masking;
using BrainMVP.Federated.Training.Data;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>
/// Draws labelled micro-batches. Every draw comes from a stream named by (seed, step, slot, purpose), where slots count
/// through the micro-batches of a step: nothing depends on what was drawn before.
/// </summary>
internal sealed class FinetuneSampler
{
    private readonly FinetuneTask _task;
    private readonly IReadOnlyList<LabelledCase> _cases;
    private readonly TemplateVolumes _templates;
    private readonly IReadOnlyList<LabelRegion> _regions;
    private readonly LabelVolumes _labels;
    private readonly int[][] _byClass;

    public FinetuneSampler(FinetuneTask task, IReadOnlyList<LabelledCase> cases, TemplateVolumes templates)
    {
        (_task, _cases, _templates, _regions) = (task, cases, templates, LabelRegion.Of(task));
        _labels = new LabelVolumes(_regions);
        _byClass = [.. Enumerable.Range(0, cases.Count).GroupBy(n => cases[n].Class).OrderBy(g => g.Key).Select(g => g.ToArray())];
    }

    /// <summary>Two copies where templates replace modalities, else one.</summary>
    public int Copies => _task.Training.ReplacedModalities > 0 && Replaceable().Any() ? 2 : 1;

    /// <param name="step">0-based optimiser step.</param>
    /// <param name="part">0-based micro-batch of the step.</param>
    public FinetuneBatch Draw(int step, int part)
    {
        var training = _task.Training;
        var batch = new FinetuneBatch(training.BatchSize, Copies, _task.Modalities.Count, _regions.Count, _task.Imaging.Crop);
        try
        {
            for (var row = 0; row < training.BatchSize; row++)
            {
                var slot = (part * training.BatchSize) + row;
                CounterRandom Stream(string purpose) => new((ulong)_task.Seed, "finetune", "step", step, "slot", slot, purpose);
                var item = CaseOf(((long)step * training.BatchSize * training.Accumulation) + slot, Stream("class"));
                Fill(batch, row, item, Stream);
            }

            return batch;
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    private LabelledCase CaseOf(long draw, CounterRandom random)
    {
        if (_task.Kind == TaskKinds.Classification && _task.Training.WeightedSampling)
        {
            var ofClass = _byClass[random.NextInt32(_byClass.Length)];
            return _cases[ofClass[random.NextInt32(ofClass.Length)]];
        }

        var (epoch, position) = Math.DivRem(draw, _cases.Count);
        var order = Enumerable.Range(0, _cases.Count).ToArray();
        new CounterRandom((ulong)_task.Seed, "finetune", "epoch", epoch).Shuffle<int>(order);
        return _cases[order[position]];
    }

    private void Fill(FinetuneBatch batch, int row, LabelledCase item, Func<string, CounterRandom> stream)
    {
        var crop = _task.Imaging.Crop;
        var start = Start(item, stream("crop"));
        int[] onCanvas = [.. start.Zip(item.Volumes.CanvasOffset, (a, b) => a + b)];
        batch.Names.Add(item.Name);
        batch.Classes[row] = item.Class;
        for (var channel = 0; channel < _task.Modalities.Count; channel++)
        {
            var modality = _task.Modalities[channel];
            var first = batch.Channel(0, row, channel);
            if (item.Volumes.Modalities.Contains(modality, StringComparer.Ordinal))
            {
                item.Volumes.Volume(modality).Copy(start, crop, first);
            }
            else if (_task.Training.MissingModalities == MissingFillers.Templates && _templates.Has(modality))
            {
                _templates.Copy(modality, onCanvas, crop, first);
            }

            if (batch.Copies == 2)
            {
                first.CopyTo(batch.Channel(1, row, channel));
            }
        }

        for (var copy = 0; copy < batch.Copies && batch.Copies == 2; copy++)
        {
            Replace(batch, copy, row, onCanvas, stream);
        }

        for (var region = 0; region < _regions.Count; region++)
        {
            _labels.Of(item).Copy(region, start, crop, batch.Region(row, region));
        }

        Augment(batch, row, stream("augmentation"));
    }

    private int[] Start(LabelledCase item, CounterRandom random)
    {
        var crop = _task.Imaging.Crop;
        if (_regions.Count > 0 && random.NextDouble() < _task.Training.PositiveShare && _labels.Of(item).Crops is { Positives: > 0 } crops)
        {
            var box = crops.Box(new VolumeShape(crop[0], crop[1], crop[2]), new CounterDraws(random), positiveShare: 1, allowSmaller: true);
            return [Centred(box.I0, item.Volumes.Shape[0], crop[0]), Centred(box.J0, item.Volumes.Shape[1], crop[1]), Centred(box.K0, item.Volumes.Shape[2], crop[2])];
        }

        var modality = _task.Modalities.First(m => item.Volumes.Modalities.Contains(m, StringComparer.Ordinal));
        return CropSampler.Draw(_task.Imaging, item.Volumes.Shape, item.Volumes.Volume(modality), random);
    }

    /// <summary>An axis shorter than the crop is centred and padded, low side rounded down.</summary>
    private static int Centred(int start, int side, int crop) => side >= crop ? start : -((crop - side) / 2);

    private IEnumerable<int> Replaceable() => Enumerable.Range(0, _task.Modalities.Count).Where(c => _templates.Has(_task.Modalities[c]));

    /// <summary>Whole channels of one copy become templates; of a single channel, the cells of a mask.</summary>
    private void Replace(FinetuneBatch batch, int copy, int row, int[] onCanvas, Func<string, CounterRandom> stream)
    {
        var (training, crop) = (_task.Training, _task.Imaging.Crop);
        var random = stream(copy == 0 ? "replaced1" : "replaced2");
        if (_task.Modalities.Count == 1)
        {
            var channel = batch.Channel(copy, row, 0);
            var filler = new float[channel.Length];
            _templates.Copy(_task.Modalities[0], onCanvas, crop, filler);
            var mask = GridMask.Draw(crop, training.MaskCell, training.MaskRatio, random);
            for (var n = 0; n < filler.Length; n++)
            {
                channel[n] = mask[n] ? filler[n] : channel[n];
            }

            return;
        }

        var candidates = Replaceable().ToArray();
        var most = Math.Min(Math.Min(training.ReplacedModalities, candidates.Length), _task.Modalities.Count - 1);
        var count = random.NextInt32(most + 1);
        random.Shuffle<int>(candidates);
        foreach (var channel in candidates.AsSpan(0, count))
        {
            _templates.Copy(_task.Modalities[channel], onCanvas, crop, batch.Channel(copy, row, channel));
        }
    }

    /// <summary>The same mirroring for everything of a case, labels included; the same shift and scale for all channels and copies.</summary>
    private void Augment(FinetuneBatch batch, int row, CounterRandom random)
    {
        var (training, crop) = (_task.Training, _task.Imaging.Crop);
        bool[] flips = [random.NextDouble() < training.Flip, random.NextDouble() < training.Flip, random.NextDouble() < training.Flip];
        var shift = (float)random.NextDouble(-training.IntensityShift, training.IntensityShift);
        var scale = (float)(1 + random.NextDouble(-training.IntensityScale, training.IntensityScale));
        for (var copy = 0; copy < batch.Copies; copy++)
        {
            for (var channel = 0; channel < _task.Modalities.Count; channel++)
            {
                var voxels = batch.Channel(copy, row, channel);
                Mirror.InPlace(voxels, crop, flips);
                foreach (ref var voxel in voxels)
                {
                    voxel = (voxel + shift) * scale;
                }
            }
        }

        for (var region = 0; region < _regions.Count; region++)
        {
            Mirror.InPlace(batch.Region(row, region), crop, flips);
        }
    }
}
