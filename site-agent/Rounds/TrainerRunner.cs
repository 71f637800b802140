using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Faults;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.SiteAgent.Trainer;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>Runs trainer jobs for assignments and passes their progress on.</summary>
public sealed class TrainerRunner(SiteContext site, ITrainer trainer)
{
    public async Task<T> RunAsync<T>(TrainerJob job, string run, PolicyDocument policy, CancellationToken cancellation)
    {
        var bytes = await trainer.RunAsync(
            job,
            Limits(job.Plan, policy),
            line =>
            {
                site.Progress.Set(run, job.Round, line.Phase, line.Done, line.Total, line.Loss);
                if (line.Phase == "train" && line.Done * 2 >= line.Total)
                {
                    FaultPoints.Agent(job.Round, "train");
                }
            },
            cancellation);
        return CanonicalJson.Read<T>(bytes);
    }

    /// <summary>The plan bounds the silence of a trainer, the site's policy its whole time.</summary>
    public static TrainerLimits Limits(Plan plan, PolicyDocument policy) =>
        new(TimeSpan.FromSeconds(plan.Quorum.TrainDeadlineSeconds), TimeSpan.FromSeconds(policy.MaximumRoundSeconds));
}
