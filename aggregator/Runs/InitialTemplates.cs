using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.Aggregator.Runs;

/// <summary>Templates that a run is submitted with instead of zeros, for example those of a published checkpoint.</summary>
public static class InitialTemplates
{
    /// <summary>Checks that each is a template of the plan, on its canvas, finite, and has its name.</summary>
    /// <param name="templates">Artifact by modality.</param>
    /// <param name="plan">Plan of the run.</param>
    /// <param name="layout">Layout of the run.</param>
    /// <param name="artifacts">Where they were uploaded to.</param>
    /// <exception cref="FederationException">BMF-1006, 1401, 1402, 1405 or 1406.</exception>
    public static void Check(IEnumerable<KeyValuePair<string, string>> templates, Plan plan, LayoutDocument layout, ArtifactStore artifacts)
    {
        foreach (var (modality, hash) in templates.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            if (!plan.Modalities.Contains(modality, StringComparer.Ordinal))
            {
                throw ErrorCatalogue.ArgumentInvalid.With($"There is an initial template of {modality}; the plan learns {string.Join(", ", plan.Modalities)}.");
            }

            artifacts.Verify(hash);
            using var file = new SafetensorsReader(artifacts.PathOf(hash));
            var tensor = layout.Tensors.Single(t => t.Group == TensorGroups.Template(modality));
            file.Require(tensor);
            if (file.Tensors.Count != 1)
            {
                throw ErrorCatalogue.LayoutMismatch.With($"The initial template of {modality} has {file.Tensors.Count} tensors, expected {tensor.Name} alone.");
            }

            RequireFinite(file, tensor);
        }
    }

    private static void RequireFinite(SafetensorsReader file, LayoutTensor tensor)
    {
        var (total, block) = (tensor.CountOf(), new float[1 << 18]);
        for (var first = 0L; first < total; first += block.Length)
        {
            var part = block.AsSpan(0, (int)Math.Min(block.Length, total - first));
            file.ReadFloats(tensor.Name, first, part);
            foreach (var value in part)
            {
                if (!float.IsFinite(value))
                {
                    throw ErrorCatalogue.LayoutMismatch.With($"The initial {tensor.Name} holds values that are not finite.");
                }
            }
        }
    }
}
