using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Training.Checkpoints;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Hosting;
using BrainMVP.Federated.Training.Models;
using BrainMVP.Federated.Training.Rounds;
using TorchSharp;

namespace BrainMVP.Federated.Training.Evaluation;

/// <summary>Measures a model at one site as <see cref="RoundTrainer"/> measures the model that a round starts from.</summary>
public static class ModelEvaluator
{
    /// <summary>Measures with a prepared data set; see the overload with cases.</summary>
    /// <exception cref="FederationException">BMF-1011, 1101, 1110, 1312, 1401, 1402, 1404 to 1406, 1502, 1504 to 1507.</exception>
    public static IReadOnlyDictionary<string, ValidationSum> Run(EvaluationJob job, Action<TrainingProgress> progress, CancellationToken ct)
    {
        using var prepared = PreparedCases.Open(job.DataFolder, job.Plan);
        return Run(job, prepared.Cases, progress, ct);
    }

    /// <summary>Validation sums by view; empty when the site holds nothing out.</summary>
    /// <exception cref="FederationException">BMF-1101, 1312, 1401, 1405, 1406, 1502, 1504 to 1507.</exception>
    public static IReadOnlyDictionary<string, ValidationSum> Run(EvaluationJob job, IEnumerable<TrainingCase> cases, Action<TrainingProgress> progress, CancellationToken ct)
    {
        TorchRuntime.Start(job.Plan.Training.Threads);
        progress(new TrainingProgress("prepare", 0, 1, 0));
        var device = TorchDevices.Parse(job.Device)[0];
        if (device.type == DeviceType.CUDA)
        {
            TorchRuntime.UseFastCuda();
        }

        var data = new SiteData(job.Plan, job.Site, cases);
        using var model = ReconstructionModel.Create(job.Plan.Network);
        ModelFile.Load(model, job.ModelPath);
        if (job.SnapshotFolder is { } snapshot && job.Plan.Training.BatchNorm == "local")
        {
            BatchNormSnapshot.Load(snapshot, model);
        }

        using var templates = ModelFile.LoadTemplates(job.Plan, data.Owned, job.TemplatePaths);
        model.MoveTo(device);
        templates.MoveTo(device);
        return new Validation(job.Plan, job.Site, data).Run(model, templates, progress, ct);
    }
}
