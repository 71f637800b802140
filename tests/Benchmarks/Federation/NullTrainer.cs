using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.SiteAgent.Trainer;
using BrainMVP.Federated.Training.Rounds;

namespace BrainMVP.Federated.Benchmarks.Federation;

/// <summary>Answers trainer jobs at once. Rounds end with the given models in turns: as many as there are rounds, or what a site holds already comes again.</summary>
/// <param name="localModels">Those models.</param>
internal sealed class NullTrainer(IReadOnlyList<string> localModels) : ITrainer
{
    public Task<byte[]> RunAsync(TrainerJob job, TrainerLimits limits, Action<TrainerLine> progress, CancellationToken cancellation)
    {
        Directory.CreateDirectory(job.JobFolder);
        Directory.CreateDirectory(job.DataFolder);
        return Task.FromResult(job.Task switch
        {
            TrainerTask.Prepare => CanonicalJson.Serialize(new PreparedSummary
            {
                Profile = new DataProfile { Cases = 10, CasesByModality = job.Plan.Modalities.ToDictionary(m => m, _ => 10) },
                Cases = [.. Enumerable.Range(0, 10).Select(i => new CaseSummary($"case{i}", job.Plan.Modalities, null, []))],
            }),
            TrainerTask.Train => CanonicalJson.Serialize(new RoundOutcome
            {
                Steps = job.Plan.Rounds.LocalSteps,
                Cases = 10,
                TargetDraws = new Dictionary<string, long>(),
                Losses = new Dictionary<string, double> { ["total"] = 1 },
                Validation = new Dictionary<string, ValidationSum>(),
                LocalModelPath = localModels[job.Round % localModels.Count],
                SnapshotFolder = job.JobFolder,
                TrainSeconds = 0,
                PeakMemoryBytes = 0,
            }),
            _ => CanonicalJson.Serialize(new EvaluationResult { Validation = new Dictionary<string, ValidationSum>() }),
        });
    }
}
