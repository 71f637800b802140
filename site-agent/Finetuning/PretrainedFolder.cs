using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.SiteAgent.Finetuning;

/// <summary>Where a pre-trained model and its templates lie: a file, or the folder of a pre-training or a simulation.</summary>
public static class PretrainedFolder
{
    /// <summary>Name of a model's file in its folder.</summary>
    public const string ModelName = "model.safetensors";

    private static readonly string[] ModelNames = [ModelName, "global-model.safetensors"];

    /// <summary>Where a modality's template lies in a model's folder.</summary>
    public static string TemplateIn(string folder, string modality) => FileIn(Path.Combine(folder, "templates"), modality);

    /// <summary>The model of a file or folder.</summary>
    /// <exception cref="FederationException">BMF-1006 when there is none.</exception>
    public static string ModelOf(string path)
    {
        if (File.Exists(path))
        {
            return Path.GetFullPath(path);
        }

        return ModelNames.Select(n => Path.Combine(path, n)).FirstOrDefault(File.Exists) is { } model
            ? Path.GetFullPath(model)
            : throw ErrorCatalogue.ArgumentInvalid.With($"{path} is no model file and no folder with {string.Join(" or ", ModelNames)}.");
    }

    /// <summary>Template files by modality: of the given folder, else of <c>templates/</c> beside the model; empty where there are none.</summary>
    /// <exception cref="FederationException">BMF-1006 when a folder is given and has none.</exception>
    public static IReadOnlyDictionary<string, string> TemplatesOf(string? folder, string? model)
    {
        var where = folder ?? (model is null ? null : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(model))!, "templates"));
        var found = where is null ? [] : Modalities.All.Select(m => (Modality: m, Path: Path.GetFullPath(FileIn(where, m)))).Where(t => File.Exists(t.Path)).ToDictionary(t => t.Modality, t => t.Path, StringComparer.Ordinal);
        return folder is null || found.Count > 0 ? found : throw ErrorCatalogue.ArgumentInvalid.With($"--templates: {folder} has no MODALITY.safetensors.");
    }

    private static string FileIn(string templates, string modality) => Path.Combine(templates, modality + ".safetensors");
}
