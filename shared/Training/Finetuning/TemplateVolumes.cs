using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Networks.Templates;
using BrainMVP.Federated.Training.Models;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>Frozen templates, scaled to 0..1 as pre-training used them, in host memory.</summary>
public sealed class TemplateVolumes
{
    private readonly SortedDictionary<string, float[]> _volumes = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<int> _canvas;

    private TemplateVolumes(IReadOnlyList<int> canvas) => _canvas = canvas;

    /// <summary>Modalities that have a template.</summary>
    public IReadOnlyCollection<string> Modalities => _volumes.Keys;

    /// <summary>Reads the templates of a task's modalities.</summary>
    /// <param name="task">Modalities and canvas.</param>
    /// <param name="paths">Files by modality; modalities without one have no template.</param>
    /// <exception cref="FederationException">BMF-1401, BMF-1405 or BMF-1406.</exception>
    public static TemplateVolumes Load(FinetuneTask task, IReadOnlyDictionary<string, string> paths)
    {
        var result = new TemplateVolumes(task.Imaging.Canvas);
        using var noGradient = no_grad();
        using var bank = ModelFile.LoadTemplates(task.ToPlan(), task.Modalities.Where(paths.ContainsKey), paths);
        foreach (var modality in bank.Templates.Keys)
        {
            using var scope = NewDisposeScope();
            result._volumes.Add(modality, ModelState.Elements(bank.Normalized(modality).contiguous()).ToArray());
        }

        return result;
    }

    public bool Has(string modality) => _volumes.ContainsKey(modality);

    /// <summary>Copies the part of a template under a crop; zeros outside of the canvas.</summary>
    /// <param name="modality">One that has a template.</param>
    /// <param name="start">Canvas coordinates of the crop's first voxel; may be negative.</param>
    /// <param name="crop">Sides of the crop.</param>
    /// <param name="destination">Receives the crop, C order.</param>
    public void Copy(string modality, IReadOnlyList<int> start, IReadOnlyList<int> crop, Span<float> destination)
    {
        var volume = _volumes[modality];
        destination.Clear();
        var first = Math.Max(0, -start[2]);
        var count = Math.Min(crop[2], _canvas[2] - start[2]) - first;
        if (count <= 0)
        {
            return;
        }

        for (var i = Math.Max(0, -start[0]); i < Math.Min(crop[0], _canvas[0] - start[0]); i++)
        {
            for (var j = Math.Max(0, -start[1]); j < Math.Min(crop[1], _canvas[1] - start[1]); j++)
            {
                var from = ((((i + start[0]) * _canvas[1]) + j + start[1]) * _canvas[2]) + start[2] + first;
                volume.AsSpan(from, count).CopyTo(destination[((((i * crop[1]) + j) * crop[2]) + first)..]);
            }
        }
    }
}
