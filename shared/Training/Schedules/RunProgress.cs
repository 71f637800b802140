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
    /// (1 + cos π(p − warmUp)/(1 − warmUp))/2.
    /// </summary>
    public double LearningRateFactor(double progress)
    {
        var warmUp = _plan.Training.WarmUp;
        return progress < warmUp
            ? Math.Min(1, (progress + (1.0 / _total)) / warmUp)
            : 0.5 * (1 + Math.Cos(Math.PI * (progress - warmUp) / (1 - warmUp)));
    }
}
