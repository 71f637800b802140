using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>What was found in an imported file.</summary>
/// <param name="Backbone"><c>uniformer</c> or <c>unet3d</c>.</param>
/// <param name="Tensors">Tensors of the published state dictionary.</param>
/// <param name="Elements">Their elements.</param>
/// <param name="Others">Parts of the file that were left out, for example <c>optimizer</c>.</param>
public sealed record ImportSummary(string Backbone, int Tensors, long Elements, IReadOnlyList<string> Others);

/// <summary>
/// Turns a published checkpoint (<c>.pt</c>) into a <see cref="Checkpoint"/>. The file must hold exactly the tensors of
/// the published model, with or without the prefix <c>module.</c> that data-parallel training leaves.
/// </summary>
public static class CheckpointImport
{
    private const string ParallelPrefix = "module.";

    /// <param name="source">File that PyTorch saved.</param>
    /// <param name="target">Safetensors file to write durably.</param>
    /// <param name="plan">Plan whose network and canvas are expected; null for the published sizes.</param>
    /// <param name="progress">Told bytes done and in total.</param>
    /// <param name="cancellation">Ends the import; nothing is written then.</param>
    /// <exception cref="FederationException">BMF-1006, BMF-1403 or BMF-1411 to BMF-1414.</exception>
    public static ImportSummary Run(string source, string target, Plan? plan, Action<long, long> progress, CancellationToken cancellation)
    {
        using var file = new PyTorchFile(source);
        var found = Named(file);
        var layout = plan is null ? Recognise(file, found) : PublishedLayout.Create(plan.Network, plan.Imaging.Canvas);
        Require(file, found, layout);

        var (done, total) = (0L, layout.Tensors.Sum(t => t.Count * TensorInfo.SizeOf(t.DataType)));
        SafetensorsWriter.WriteFile(target, Checkpoint.Parts(layout).Select(part => new TensorSource(part.Name, part.DataType, part.Shape, stream =>
        {
            file.CopyTo(found[part.Whole.Key], part.First, part.Count, stream, cancellation);
            done += part.Count * TensorInfo.SizeOf(part.DataType);
            progress(done, total);
        })), Checkpoint.Metadata(layout));
        return new ImportSummary(layout.Network.Backbone, layout.Tensors.Count, layout.Elements, file.Others);
    }

    private static Dictionary<string, PyTorchTensor> Named(PyTorchFile file)
    {
        var strip = file.Tensors.All(t => t.Name.StartsWith(ParallelPrefix, StringComparison.Ordinal)) ? ParallelPrefix.Length : 0;
        return file.Tensors.ToDictionary(t => t.Name[strip..], StringComparer.Ordinal);
    }

    private static PublishedLayout Recognise(PyTorchFile file, Dictionary<string, PyTorchTensor> found) =>
        found.Keys.Any(k => k.StartsWith("encoder.uniformer.", StringComparison.Ordinal)) ? PublishedLayout.Published(Backbones.UniFormer)
        : found.ContainsKey("conv1a.weight") ? PublishedLayout.Published(Backbones.UNet3D)
        : throw ErrorCatalogue.CheckpointLayout.With($"{file.Path}: {Counts(file)}, first {(file.Tensors.Count > 0 ? file.Tensors[0].Name : "nothing")}; neither uniformer nor unet3d.");

    private static void Require(PyTorchFile file, Dictionary<string, PyTorchTensor> found, PublishedLayout layout)
    {
        foreach (var tensor in layout.Tensors)
        {
            if (!found.TryGetValue(tensor.Key, out var there))
            {
                throw Mismatch(file, layout, $"{tensor.Key} is missing");
            }

            if (there.DataType != tensor.DataType || !there.Shape.SequenceEqual(tensor.Shape))
            {
                throw Mismatch(file, layout, $"{tensor.Key} is {there.DataType} [{string.Join(", ", there.Shape)}], expected {tensor.DataType} [{string.Join(", ", tensor.Shape)}]");
            }
        }

        if (found.Count != layout.Tensors.Count)
        {
            var known = layout.Tensors.Select(t => t.Key).ToHashSet(StringComparer.Ordinal);
            throw Mismatch(file, layout, $"{found.Keys.First(k => !known.Contains(k))} is not part of it");
        }
    }

    private static FederationException Mismatch(PyTorchFile file, PublishedLayout layout, string why) => ErrorCatalogue.CheckpointLayout.With(string.Create(
        CultureInfo.InvariantCulture,
        $"{file.Path}: expected {layout.Tensors.Count} tensors with {layout.Elements:N0} elements of {layout.Network.Backbone}, found {Counts(file)}: {why}."));

    private static string Counts(PyTorchFile file) => string.Create(CultureInfo.InvariantCulture, $"{file.Tensors.Count} tensors with {file.Tensors.Sum(t => (double)t.Count):N0} elements");
}
