using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Metrics;
using BrainMVP.Federated.Networks.Masking;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Networks.Templates;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Hosting;
using BrainMVP.Federated.Training.Rounds;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Evaluation;

/// <summary>
/// Squared error, PSNR and SSIM of reconstructions on fixed crops and masks of the held-out cases: of each modality from
/// its template, and of each modality from each other one. Runs where the model is, without gradients, in fp32.
/// </summary>
internal sealed class Validation(Plan plan, string site, SiteData data)
{
    /// <summary>Most samples of one forward pass.</summary>
    private const int LargestBatch = 4;

    /// <summary>Most voxels of one forward pass, so that larger crops need no more memory than the published ones.</summary>
    private const int BatchVoxels = LargestBatch * 96 * 96 * 96;

    /// <summary>Sums in double and in a fixed order, by the name of a <see cref="ValidationView"/>. Leaves the model in evaluation mode.</summary>
    /// <exception cref="FederationException">BMF-1502 when an error is not finite, BMF-1507 when one sample does not fit into memory.</exception>
    public IReadOnlyDictionary<string, ValidationSum> Run(ReconstructionModel model, TemplateBank templates, Action<TrainingProgress> progress, CancellationToken ct)
    {
        var crop = plan.Imaging.Crop;
        var voxels = crop[0] * crop[1] * crop[2];
        var samples = new ValidationSamples(plan, site, data);
        var device = model.State.Parameters.Values.First().device;
        var done = 0L;
        var sums = new SortedDictionary<string, ValidationSum>(StringComparer.Ordinal);
        model.eval();
        using var noGradient = no_grad();

        // The batch is a function of the plan alone, because a pass's shape may reach the last bits.
        foreach (var part in samples.All().Chunk(Math.Clamp(BatchVoxels / voxels, 1, LargestBatch)))
        {
            ct.ThrowIfCancellationRequested();
            progress(new TrainingProgress("evaluate", done, samples.Count, 0));
            foreach (var (sample, measured) in part.Zip(Measure(Reconstruct(model, templates, part, device), part)))
            {
                var name = sample.View.Name;
                sums[name] = (sums.GetValueOrDefault(name) ?? ValidationSum.Zero) + measured;
            }

            done += part.Length;
        }

        progress(new TrainingProgress("evaluate", done, samples.Count, 0));
        return sums.Values.All(s => double.IsFinite(s.SquaredError))
            ? sums
            : throw ErrorCatalogue.TrainingDiverged.With("The validation error of the model is not finite.");
    }

    /// <summary>Reconstructed voxels of all samples; half of them at a time where memory runs out.</summary>
    private float[] Reconstruct(ReconstructionModel model, TemplateBank templates, ReadOnlyMemory<ValidationSample> part, Device device)
    {
        try
        {
            using var gate = FinalizerGate.Enter();
            using var scope = NewDisposeScope();
            var views = part.ToArray().Select(s => View(s, templates, device)).ToArray();
            var volume = model.call(stack(views).unsqueeze(1)).Volume.cpu().contiguous();
            return ModelState.Elements(volume).ToArray();
        }
        catch (Exception e) when (OutOfMemory.Is(e) && part.Length > 1)
        {
            MemoryLimit.Release();
        }
        catch (Exception e) when (OutOfMemory.Is(e))
        {
            throw ErrorCatalogue.TrainingOutOfMemory.With($"Validation failed on {device}: {e.Message.Split('\n')[0].Trim()}", e);
        }

        return [.. Reconstruct(model, templates, part[..(part.Length / 2)], device), .. Reconstruct(model, templates, part[(part.Length / 2)..], device)];
    }

    private Tensor View(ValidationSample sample, TemplateBank templates, Device device)
    {
        using var scope = NewDisposeScope();
        var crop = plan.Imaging.Crop;
        long[] shape = [crop[0], crop[1], crop[2]];
        var filler = sample.Filler is { } other
            ? tensor(other).reshape(shape)
            : TemplateBank.Crop(templates.Normalized(sample.View.Target), sample.Start, crop);
        return MaskedViews.Fill(tensor(sample.Target).reshape(shape).to(device), tensor(sample.Mask).reshape(shape).to(device), filler.to(device)).MoveToOuterDisposeScope();
    }

    /// <summary>Each sample on its own, so that the number of threads reaches no result.</summary>
    private ValidationSum[] Measure(float[] reconstruction, ValidationSample[] samples)
    {
        var voxels = reconstruction.Length / samples.Length;
        var measured = new ValidationSum[samples.Length];
        Parallel.For(
            0,
            samples.Length,
            new ParallelOptions { MaxDegreeOfParallelism = plan.Training.Threads },
            i => measured[i] = Measure(reconstruction.AsSpan(i * voxels, voxels), samples[i].Target));
        return measured;
    }

    private ValidationSum Measure(ReadOnlySpan<float> reconstruction, ReadOnlySpan<float> target)
    {
        var error = SquaredError(reconstruction, target);
        return new ValidationSum(error, target.Length, 1, PeakSignalToNoise.Of(error / target.Length), StructuralSimilarity.Mean(reconstruction, target, plan.Imaging.Crop));
    }

    private static double SquaredError(ReadOnlySpan<float> reconstruction, ReadOnlySpan<float> target)
    {
        var sum = 0.0;
        for (var i = 0; i < target.Length; i++)
        {
            var difference = (double)reconstruction[i] - target[i];
            sum += difference * difference;
        }

        return sum;
    }
}
