using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Training.Schedules;

/// <summary>
/// Schedules keyed on the run's global progress, so that every site switches phase at the same step whatever its data
/// and its past.
/// </summary>
public sealed class RunProgress
{
    private readonly Plan _plan;
    private readonly long _total;

    public RunProgress(Plan plan)
    {
        _plan = plan;
        _total = (long)plan.Rounds.Count * plan.Rounds.LocalSteps;
    }

    /// <summary>0-based step over the whole run.</summary>
    /// <param name="round">1-based.</param>
    /// <param name="step">0-based step of the round.</param>
    public long GlobalStep(int round, int step) => ((long)(round - 1) * _plan.Rounds.LocalSteps) + step;

    /// <summary>Part of the run before a step, in [0, 1).</summary>
    public double At(int round, int step) => (double)GlobalStep(round, step) / _total;

    public bool CrossModal(double progress) => progress >= _plan.Training.CrossModalStart;

    public bool Templates(double progress) => progress >= _plan.Training.TemplateStart;

    public bool Contrastive(double progress) => progress >= _plan.Training.ContrastiveStart;

    /// <summary>
    /// Factor on both learning rates: (p + 1/total)/warmUp while warming up, so that the first step already moves, then
    /// with q = (p − warmUp)/(1 − warmUp) either (1 + cos πq)/2, which ends at 0, or at double speed (1 + cos 2πq)/2,
    /// which is 0 at q = 1/2 and ends at 1.
    /// </summary>
    public double LearningRateFactor(double progress)
    {
        var warmUp = _plan.Training.WarmUp;
        if (progress < warmUp)
        {
            return Math.Min(1, (progress + (1.0 / _total)) / warmUp);
        }

        var angle = Math.PI * (progress - warmUp) / (1 - warmUp);
        return 0.5 * (1 + Math.Cos(_plan.Training.Schedule switch
        {
            "cosine" => angle,
            "doubleSpeedCosine" => 2 * angle,
            var other => throw new InvalidOperationException($"Learning rate schedule \"{other}\" is unknown."),
        }));
    }
}
