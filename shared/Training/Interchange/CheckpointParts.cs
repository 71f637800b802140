using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Networks.Templates;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>Range of a template's values, in the unit of its training; only the shape between the two counts.</summary>
public sealed record TemplateRange(string Modality, float Minimum, float Maximum);

/// <summary>Takes out of a <see cref="Checkpoint"/> what a run starts from.</summary>
public static class CheckpointParts
{
    /// <summary>Writes the network of a plan, in the form of an initial model.</summary>
    /// <param name="checkpoint">File that <see cref="CheckpointImport"/> wrote.</param>
    /// <param name="plan">Plan of the run; its network must be the checkpoint's.</param>
    /// <param name="target">Safetensors file to write durably.</param>
    /// <param name="cancellation">Ends the writing; nothing is written then.</param>
    /// <exception cref="FederationException">BMF-1406 when the plan has another network, BMF-1414 when a value is not finite.</exception>
    public static void WriteNetwork(string checkpoint, Plan plan, string target, CancellationToken cancellation)
    {
        using var source = Checkpoint.Open(checkpoint);
        if (!Same(source.Layout.Network, plan.Network))
        {
            throw ErrorCatalogue.LayoutMismatch.With($"{checkpoint} is {Show(source.Layout.Network)}; the plan's network is {Show(plan.Network)}.");
        }

        SafetensorsWriter.WriteFile(target, source.Layout.Tensors
            .Where(t => t.Role is TensorRole.Trained or TensorRole.Statistics)
            .Select(t => new TensorSource(t.Name, t.DataType, t.Shape, stream => TensorCopy.FiniteTo(source.File, t.Name, stream, cancellation))));
    }

    /// <summary>Writes the template of each modality of a plan as <c>MODALITY.safetensors</c>.</summary>
    /// <returns>The modalities written.</returns>
    /// <exception cref="FederationException">BMF-1406 when the plan has another canvas, BMF-1414 when a value is not finite.</exception>
    public static IReadOnlyList<string> WriteTemplates(string checkpoint, Plan plan, string folder, CancellationToken cancellation)
    {
        using var source = Checkpoint.Open(checkpoint);
        if (!source.Layout.Canvas.SequenceEqual(plan.Imaging.Canvas))
        {
            throw ErrorCatalogue.LayoutMismatch.With($"The templates of {checkpoint} lie on a canvas of {string.Join(" x ", source.Layout.Canvas)} voxels; the plan's imaging.canvas is {string.Join(" x ", plan.Imaging.Canvas)}.");
        }

        foreach (var modality in plan.Modalities)
        {
            var name = TemplateBank.NameOf(modality);
            SafetensorsWriter.WriteFile(
                Path.Combine(folder, modality + ".safetensors"),
                [new TensorSource(name, "F32", source.File.Tensors[name].Shape, stream => TensorCopy.FiniteTo(source.File, name, stream, cancellation))]);
        }

        return plan.Modalities;
    }

    /// <summary>Ranges of all templates, in the published order.</summary>
    public static IReadOnlyList<TemplateRange> Ranges(string checkpoint, CancellationToken cancellation)
    {
        using var source = Checkpoint.Open(checkpoint);
        return [.. Contracts.Identity.Modalities.All.Select(m =>
        {
            var (minimum, maximum) = TensorCopy.Range(source.File, TemplateBank.NameOf(m), cancellation);
            return new TemplateRange(m, minimum, maximum);
        })];
    }

    /// <summary>Only what shapes the backbone: heads and feed-forward parts are UniFormer's.</summary>
    private static bool Same(NetworkPlan a, NetworkPlan b) =>
        a.Backbone == b.Backbone && a.Widths.SequenceEqual(b.Widths) && a.Depths.SequenceEqual(b.Depths)
        && (a.Backbone != Backbones.UniFormer || (a.HeadWidth == b.HeadWidth && a.MlpRatio == b.MlpRatio));

    private static string Show(NetworkPlan network) =>
        $"{network.Backbone} with widths {string.Join(", ", network.Widths)} and depths {string.Join(", ", network.Depths)}"
        + (network.Backbone == Backbones.UniFormer ? $", head width {network.HeadWidth}, feed-forward ratio {network.MlpRatio}" : "");
}
