using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Hosting;
using BrainMVP.Federated.Training.Models;
using BrainMVP.Federated.Training.Rounds;

namespace BrainMVP.Federated.Training.Evaluation;

/// <summary>Measures a model at one site as <see cref="RoundTrainer"/> measures the model that a round starts from.</summary>
public static class ModelEvaluator
{
    /// <summary>Measures with a prepared data set; see the overload with cases.</summary>
    /// <exception cref="FederationException">BMF-1011, 1101, 1110, 1312, 1401, 1402, 1405, 1406, 1502, 1504.</exception>
    public static IReadOnlyDictionary<string, ValidationSum> Run(
        Plan plan,
        string site,
        string modelPath,
        IReadOnlyDictionary<string, string> templatePaths,
        string dataFolder,
        Action<TrainingProgress> progress,
        CancellationToken ct) => Run(plan, site, modelPath, templatePaths, PreparedCases.Open(dataFolder, plan).Cases, progress, ct);

    /// <summary>Validation sums by the name of a <see cref="ValidationView"/>; empty when the site holds nothing out.</summary>
    /// <exception cref="FederationException">BMF-1101, 1312, 1401, 1405, 1406, 1502, 1504.</exception>
    public static IReadOnlyDictionary<string, ValidationSum> Run(
        Plan plan,
        string site,
        string modelPath,
        IReadOnlyDictionary<string, string> templatePaths,
        IEnumerable<TrainingCase> cases,
        Action<TrainingProgress> progress,
        CancellationToken ct)
    {
        TorchRuntime.Start(plan.Training.Threads);
        progress(new TrainingProgress("prepare", 0, 1, 0));
        var data = new SiteData(plan, site, cases);
        using var model = ReconstructionModel.Create(plan.Network);
        ModelFile.Load(model, modelPath);
        using var templates = ModelFile.LoadTemplates(plan, data.Owned, templatePaths);
        return new Validation(plan, site, data).Run(model, templates, progress, ct);
    }
}
