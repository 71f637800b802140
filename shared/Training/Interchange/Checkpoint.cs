using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Networks.Templates;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>
/// A whole pre-trained model as one safetensors file: every tensor of the published checkpoint bit for bit, also those
/// that pre-training never reaches and the counters, under the names used here and with a template a modality. The
/// metadata name the network and the canvas.
/// </summary>
public sealed class Checkpoint : IDisposable
{
    private const string Format = "brainmvp-checkpoint-1";

    private Checkpoint(SafetensorsReader file, PublishedLayout layout)
    {
        File = file;
        Layout = layout;
    }

    public SafetensorsReader File { get; }

    public PublishedLayout Layout { get; }

    /// <summary>Opens a checkpoint and checks that it holds exactly the tensors of its layout.</summary>
    /// <exception cref="FederationException">BMF-1401, BMF-1405 or BMF-1414.</exception>
    public static Checkpoint Open(string path)
    {
        var file = new SafetensorsReader(path);
        try
        {
            var layout = LayoutOf(file);
            var expected = Parts(layout).ToArray();
            foreach (var part in expected)
            {
                if (!file.Tensors.TryGetValue(part.Name, out var found) || found.DataType != part.DataType || !found.Shape.SequenceEqual(part.Shape))
                {
                    throw ErrorCatalogue.CheckpointLayout.With($"{path}: expected {part.Name} {part.DataType} [{string.Join(", ", part.Shape)}], found {(found is null ? "nothing" : $"{found.DataType} [{string.Join(", ", found.Shape)}]")}.");
                }
            }

            return file.Tensors.Count == expected.Length ? new Checkpoint(file, layout) : throw ErrorCatalogue.CheckpointLayout.With($"{path} has {file.Tensors.Count} tensors, expected {expected.Length}.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => File.Dispose();

    /// <summary>The parts that published tensors become here: each one itself, the templates one a modality.</summary>
    internal static IEnumerable<CheckpointPart> Parts(PublishedLayout layout)
    {
        foreach (var tensor in layout.Tensors)
        {
            if (tensor.Role != TensorRole.Templates)
            {
                yield return new CheckpointPart(tensor.Name, tensor.DataType, tensor.Shape, tensor, 0);
                continue;
            }

            var voxels = tensor.Count / Modalities.All.Count;
            for (var i = 0; i < Modalities.All.Count; i++)
            {
                yield return new CheckpointPart(TemplateBank.NameOf(Modalities.All[i]), tensor.DataType, [.. tensor.Shape.Skip(1)], tensor, i * voxels);
            }
        }
    }

    internal static IReadOnlyDictionary<string, string> Metadata(PublishedLayout layout) => new Dictionary<string, string>
    {
        ["format"] = Format,
        ["backbone"] = layout.Network.Backbone,
        ["network"] = System.Text.Encoding.UTF8.GetString(CanonicalJson.Serialize(layout.Network)),
        ["canvas"] = string.Join(',', layout.Canvas.Select(s => s.ToString(CultureInfo.InvariantCulture))),
    };

    private static PublishedLayout LayoutOf(SafetensorsReader file)
    {
        var metadata = file.Metadata;
        if (metadata.GetValueOrDefault("format") != Format)
        {
            throw ErrorCatalogue.CheckpointLayout.With($"{file.Path} is no checkpoint that `site-agent model import` wrote.");
        }

        var canvas = metadata.GetValueOrDefault("canvas", "").Split(',').Select(s => int.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out var side) ? side : 0).ToArray();
        var network = CanonicalJson.Read<NetworkPlan>(System.Text.Encoding.UTF8.GetBytes(metadata.GetValueOrDefault("network", "")));

        // The plan's own rules bound what a file may claim.
        PlanRules.Check(new Plan { Network = network, Imaging = new ImagingPlan { Canvas = canvas } });
        return PublishedLayout.Create(network, canvas);
    }
}

/// <summary>One tensor of a checkpoint here and the published tensor it is, or is a part of.</summary>
/// <param name="Name">Name here.</param>
/// <param name="DataType">F32 or I64.</param>
/// <param name="Shape">Sizes, outermost first.</param>
/// <param name="Whole">The published tensor.</param>
/// <param name="First">First element of the part in it.</param>
internal sealed record CheckpointPart(string Name, string DataType, IReadOnlyList<long> Shape, PublishedTensor Whole, long First)
{
    public long Count => Shape.Aggregate(1L, (a, b) => checked(a * b));
}
