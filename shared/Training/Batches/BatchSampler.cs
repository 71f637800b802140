using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Networks.Masking;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Schedules;

namespace BrainMVP.Federated.Training.Batches;

/// <summary>
/// Draws micro-batches. Every draw comes from a stream named by (seed, site, round, step, slot, purpose), where slots
/// count through the micro-batches of a step: nothing depends on what was drawn before, or on who asks.
/// </summary>
/// <param name="plan">Batch size, crops, masks, targets and fillers.</param>
/// <param name="site">Part of every stream's name.</param>
/// <param name="data">The site's cases.</param>
/// <param name="globalTemplates">Modalities whose global template has moved: fillers where the plan allows it.</param>
internal sealed class BatchSampler(Plan plan, string site, SiteData data, IReadOnlyCollection<string> globalTemplates)
{
    /// <summary>A multiple of every possible number of modalities, so that a position modulo that number is uniform.</summary>
    private const int Positions = 840;

    private readonly RunProgress _schedule = new(plan);

    /// <summary>Most rows of a micro-batch.</summary>
    public int Capacity => plan.Training.BatchSize * (plan.Training.Targets == "all" ? data.Owned.Count : 1);

    /// <summary>Fills a micro-batch.</summary>
    /// <param name="batch">Receives rows and voxels; of at least <see cref="Capacity"/> rows.</param>
    /// <param name="round">1-based.</param>
    /// <param name="step">0-based step of the round.</param>
    /// <param name="part">0-based micro-batch of the step.</param>
    public void Fill(HostBatch batch, int round, int step, int part)
    {
        batch.Begin(round, step, part);
        var training = plan.Training;
        var first = _schedule.GlobalStep(round, step) * training.BatchSize * training.Accumulation;
        for (var i = 0; i < training.BatchSize; i++)
        {
            var slot = (part * training.BatchSize) + i;
            CounterRandom Stream(string purpose) => new((ulong)plan.Seed, "site", site, "round", round, "step", step, "slot", slot, purpose);
            var item = data.CaseOf(first + slot);
            var owned = data.ModalitiesOf(item);
            switch (training.Targets)
            {
                case "all":
                    // One crop of the case for all of them; masks and fillers are drawn anew.
                    var shared = CropSampler.Draw(plan.Imaging, item.Shape, item.Volume(owned[0]), Stream("crop"));
                    foreach (var modality in owned)
                    {
                        Add(batch, item, owned, modality, shared, purpose => Stream($"{purpose}.{modality}"));
                    }

                    break;
                case "perMicroBatch":
                    var position = new CounterRandom((ulong)plan.Seed, "site", site, "round", round, "step", step, "part", part, "target").NextInt32(Positions);
                    Add(batch, item, owned, Shuffled(item, owned)[position % owned.Count], start: null, Stream);
                    break;
                default:
                    Add(batch, item, owned, owned[Stream("target").NextInt32(owned.Count)], start: null, Stream);
                    break;
            }
        }
    }

    private void Add(HostBatch batch, TrainingCase item, IReadOnlyList<string> owned, string modality, int[]? start, Func<string, CounterRandom> stream)
    {
        var (crop, row) = (plan.Imaging.Crop, batch.Rows.Count);
        var volume = item.Volume(modality);
        start ??= CropSampler.Draw(plan.Imaging, item.Shape, volume, stream("crop"));
        volume.Copy(start, crop, batch.TargetOf(row));
        var (filler, source) = Filler(batch, item, owned, modality, stream);
        if (filler == FillerKind.Volume)
        {
            item.Volume(source).Copy(start, crop, batch.SourceOf(row));
        }

        Mask(stream(plan.Training.SharedMask ? "mask" : "mask1")).CopyTo(batch.Mask1Of(row));
        Mask(stream(plan.Training.SharedMask ? "mask" : "mask2")).CopyTo(batch.Mask2Of(row));
        batch.Rows.Add(new BatchRow(item.Name, modality, filler, source, [.. start.Zip(item.CanvasOffset, (a, b) => a + b)]));
    }

    private (FillerKind Kind, string Modality) Filler(HostBatch batch, TrainingCase item, IReadOnlyList<string> owned, string modality, Func<string, CounterRandom> stream)
    {
        var others = owned.Where(m => m != modality).ToArray();
        var strangers = plan.Training.FillFromGlobalTemplates
            ? plan.Modalities.Where(m => !owned.Contains(m, StringComparer.Ordinal) && globalTemplates.Contains(m)).Order(StringComparer.Ordinal).ToArray()
            : [];
        if (!_schedule.CrossModal(_schedule.At(batch.Round, batch.Step)) || others.Length + strangers.Length == 0)
        {
            return (FillerKind.OwnTemplate, modality);
        }

        var drawn = stream("filler").NextInt32(others.Length + strangers.Length);
        return drawn < others.Length ? (FillerKind.Volume, others[drawn]) : (FillerKind.OtherTemplate, strangers[drawn - others.Length]);
    }

    private string[] Shuffled(TrainingCase item, IReadOnlyList<string> owned)
    {
        var order = owned.ToArray();
        new CounterRandom((ulong)plan.Seed, "site", site, "modalities", item.Name).Shuffle<string>(order);
        return order;
    }

    private bool[] Mask(CounterRandom random) => Masks.Draw(plan.Training, plan.Imaging.Crop, random);
}
