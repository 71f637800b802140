using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.SiteAgent.Trainer;

/// <summary>Whoever does the work of trainer jobs.</summary>
public interface ITrainer
{
    /// <summary>Runs a job to its result; a job that already has one is not run again.</summary>
    /// <returns>Bytes of the result document.</returns>
    /// <exception cref="FederationException">BMF-1501 after three crashes, BMF-1503 without progress, or the trainer's own error.</exception>
    Task<byte[]> RunAsync(TrainerJob job, TrainerLimits limits, Action<TrainerLine> progress, CancellationToken cancellation);
}
