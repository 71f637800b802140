using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Networks.Templates;
using BrainMVP.Federated.Training.Checkpoints;

namespace BrainMVP.Federated.Training.Models;

/// <summary>Global models and templates as files.</summary>
public static class ModelFile
{
    /// <summary>Fills a model. The file must hold exactly the model's tensors.</summary>
    /// <exception cref="FederationException">BMF-1401, BMF-1405 or BMF-1406.</exception>
    public static void Load(ReconstructionModel model, string path)
    {
        using var file = new SafetensorsReader(path);
        foreach (var (name, tensor) in model.State.All)
        {
            TensorFile.Read(file, name, tensor);
        }

        var known = model.State.All.Select(t => t.Key).ToHashSet(StringComparer.Ordinal);
        if (file.Tensors.Keys.FirstOrDefault(name => !known.Contains(name)) is { } stranger)
        {
            throw ErrorCatalogue.LayoutMismatch.With($"{path}: the plan's network has no tensor {stranger}.");
        }
    }

    /// <summary>Checks that a file is a model of a plan's network, before anything costly begins.</summary>
    /// <exception cref="FederationException">BMF-1401, BMF-1405 or BMF-1406.</exception>
    public static void Require(Plan plan, string path)
    {
        using var model = ReconstructionModel.Create(plan.Network);
        Load(model, path);
    }

    /// <summary>Makes the templates of some modalities and fills those that have a file.</summary>
    /// <exception cref="FederationException">BMF-1401, BMF-1405 or BMF-1406.</exception>
    public static TemplateBank LoadTemplates(Plan plan, IEnumerable<string> modalities, IReadOnlyDictionary<string, string> paths)
    {
        var bank = new TemplateBank(modalities, plan.Imaging.Canvas, TemplateNormalizations.Of(plan.Training));
        try
        {
            foreach (var (modality, template) in bank.Templates)
            {
                if (paths.TryGetValue(modality, out var path))
                {
                    using var file = new SafetensorsReader(path);
                    TensorFile.Read(file, TemplateBank.NameOf(modality), template);
                }
            }

            return bank;
        }
        catch
        {
            bank.Dispose();
            throw;
        }
    }

    /// <summary>The model's tensors and, when given, the templates.</summary>
    public static IEnumerable<TensorSource> Sources(ReconstructionModel model, TemplateBank? templates = null) => model.State.All
        .Select(t => TensorFile.Source(t.Key, t.Value))
        .Concat((templates?.Templates ?? new Dictionary<string, TorchSharp.Modules.Parameter>())
            .Select(t => TensorFile.Source(TemplateBank.NameOf(t.Key), t.Value)));
}
