using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Losses;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Networks.Templates;
using BrainMVP.Federated.Training.Optimization;
using BrainMVP.Federated.Training.Schedules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Rounds;

/// <summary>
/// One optimiser step: gradients of templateWeight · MSE(view 1) + crossModalWeight · MSE(view 2) +
/// contrastiveWeight · InfoNCE(x4 of view 1, x4 of view 2), averaged over the step's micro-batches.
/// </summary>
internal sealed class TrainingStep(Plan plan, MicroBatchSampler sampler, ReconstructionModel model, TemplateBank templates, AdamW optimizer)
{
    private readonly RunProgress _schedule = new(plan);

    /// <param name="round">1-based.</param>
    /// <param name="step">0-based step of the round.</param>
    /// <param name="draws">Target draws by modality, counted up.</param>
    /// <exception cref="FederationException">BMF-1502 when a loss is not finite; nothing was updated then.</exception>
    public StepLosses Run(int round, int step, IDictionary<string, long> draws)
    {
        var progress = _schedule.At(round, step);
        var training = plan.Training;
        var sum = default(StepLosses);
        using var scope = NewDisposeScope();
        optimizer.ClearGradients();
        for (var part = 0; part < training.Accumulation; part++)
        {
            sum += Accumulate(round, step, part, progress, draws);
        }

        if (!sum.IsFinite)
        {
            throw ErrorCatalogue.TrainingDiverged.With($"The loss of step {step + 1} in round {round} is not finite.");
        }

        var factor = _schedule.LearningRateFactor(progress);
        optimizer.Step(training.LearningRate * factor, _schedule.Templates(progress) ? training.TemplateLearningRate * factor : 0, training.WeightDecay);
        optimizer.ClearGradients();
        return sum / training.Accumulation;
    }

    private StepLosses Accumulate(int round, int step, int part, double progress, IDictionary<string, long> draws)
    {
        var training = plan.Training;
        using var scope = NewDisposeScope();
        var batch = sampler.Draw(round, step, part, templates);
        foreach (var modality in batch.Modalities)
        {
            draws[modality] = (draws.TryGetValue(modality, out var count) ? count : 0) + 1;
        }

        var (features, volume) = model.call(batch.Views);
        var volumes = volume.chunk(2);
        var templateView = PretrainingLosses.Reconstruction(volumes[0], batch.Target);
        var crossModalView = PretrainingLosses.Reconstruction(volumes[1], batch.Target);
        var loss = (templateView * training.TemplateWeight) + (crossModalView * training.CrossModalWeight);
        var contrastive = 0.0;
        if (_schedule.Contrastive(progress) && training.BatchSize > 1)
        {
            var halves = features.chunk(2);
            var term = PretrainingLosses.Contrastive(halves[0], halves[1], training.ContrastiveTemperature);
            contrastive = term.item<float>();
            loss += term * training.ContrastiveWeight;
        }

        BackwardPass.Run(loss / training.Accumulation);
        return new StepLosses(loss.item<float>(), templateView.item<float>(), crossModalView.item<float>(), contrastive);
    }
}
