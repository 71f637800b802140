using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Training.Devices;
using BrainMVP.Federated.Training.Optimization;
using BrainMVP.Federated.Training.Schedules;

namespace BrainMVP.Federated.Training.Rounds;

/// <summary>
/// Everything between the gradients of a step and the new weights on the master replica: unscaling, SCAFFOLD's correction,
/// the proximal term, clipping, AdamW at the schedule's rates, the moving average.
/// </summary>
internal sealed class RoundOptimizer : IDisposable
{
    private readonly Plan _plan;
    private readonly RunProgress _schedule;
    private readonly Replica _master;
    private readonly ProximalTerm? _proximal;

    /// <param name="plan">Rates, decay, clipping, moving average.</param>
    /// <param name="master">
    /// Where the round starts: the proximal term pulls back to it and the moving average begins there. That is the global
    /// model, with the site's own batch normalisations where the plan keeps them local.
    /// </param>
    /// <param name="controls">SCAFFOLD's correction; belongs to the optimiser. Null without.</param>
    public RoundOptimizer(Plan plan, Replica master, ControlVariates? controls = null)
    {
        (_plan, _master, _schedule, Controls) = (plan, master, new RunProgress(plan), controls);
        var training = plan.Training;
        AdamW = new AdamW(training.TemplateSecondMoment);
        foreach (var (name, parameter) in master.Trained)
        {
            AdamW.Add(name, parameter, master.IsTemplate(name));
        }

        _proximal = training.ProximalWeight > 0 ? new ProximalTerm(master.Model.State.Parameters.Values) : null;
        Average = training.MovingAverage > 0 ? new MovingAverage(training.MovingAverage, master.TrainedTensors) : null;
        Scaler = training.Precision == Precisions.Fp16 ? new LossScaler() : null;
    }

    public AdamW AdamW { get; }

    /// <summary>Null unless the plan asks for it.</summary>
    public MovingAverage? Average { get; }

    /// <summary>Null without SCAFFOLD.</summary>
    public ControlVariates? Controls { get; }

    /// <summary>Null unless the precision needs it.</summary>
    public LossScaler? Scaler { get; }

    /// <summary>Factor on losses before differentiation.</summary>
    public double LossScale => Scaler?.Scale ?? 1;

    /// <summary>Updates the master from its gradients.</summary>
    /// <exception cref="FederationException">BMF-1502 when the gradients are not finite; nothing was updated then.</exception>
    /// <param name="progress">Of the run, 0..1.</param>
    public void Step(double progress)
    {
        var training = _plan.Training;
        var network = _master.Model.State.Parameters.Values;
        if (Scaler is not null && !Scaler.Unscale(_master.Trained.Select(t => t.Value)))
        {
            // Too large a scale: it was lowered, and this step is left out.
            return;
        }

        Controls?.Correct();
        _proximal?.AddGradients(training.ProximalWeight);
        if (!double.IsFinite(GradientClipping.Clip(network, training.ClipNorm)))
        {
            throw ErrorCatalogue.TrainingDiverged.With("The gradients of a step are not finite.");
        }

        var factor = _schedule.LearningRateFactor(progress);
        AdamW.Step(training.LearningRate * factor, _schedule.Templates(progress) ? training.TemplateLearningRate * factor : 0, training.WeightDecay);
        Average?.Update();
    }

    public void Dispose()
    {
        AdamW.Dispose();
        _proximal?.Dispose();
        Controls?.Dispose();
        Average?.Dispose();
    }
}
