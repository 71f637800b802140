using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>What a tensor of a published checkpoint is for.</summary>
public enum TensorRole
{
    /// <summary>Moved by pre-training.</summary>
    Trained,

    /// <summary>Running mean or variance of a batch normalisation.</summary>
    Statistics,

    /// <summary><c>num_batches_tracked</c>, a whole number that no result depends on.</summary>
    Counter,

    /// <summary>Built by the published code and never reached by pre-training: its initial values.</summary>
    Inactive,

    /// <summary>All templates in one tensor.</summary>
    Templates,
}

/// <summary>One tensor of a published checkpoint.</summary>
/// <param name="Key">Key in the published state dictionary without <c>module.</c>.</param>
/// <param name="Name">Name here; <c>template</c> for the templates, which are a tensor a modality here.</param>
/// <param name="DataType">F32 or I64.</param>
/// <param name="Shape">Sizes, outermost first.</param>
/// <param name="Role">What it is for.</param>
public sealed record PublishedTensor(string Key, string Name, string DataType, IReadOnlyList<long> Shape, TensorRole Role)
{
    /// <summary>Elements.</summary>
    public long Count => Shape.Aggregate(1L, (a, b) => checked(a * b));
}

/// <summary>
/// The state dictionary of the published pre-training model, in the order in which PyTorch lists it, for any widths,
/// depths and canvas. With the published sizes of UniFormer it has 352 tensors with 105,744,016 elements.
/// </summary>
public sealed class PublishedLayout
{
    private PublishedLayout(NetworkPlan network, IReadOnlyList<int> canvas, IReadOnlyList<PublishedTensor> tensors)
    {
        Network = network;
        Canvas = canvas;
        Tensors = tensors;
        Elements = tensors.Sum(t => t.Count);
    }

    /// <summary>Voxels of the published canvas along R, A, S.</summary>
    public static IReadOnlyList<int> PublishedCanvas { get; } = [240, 240, 155];

    public NetworkPlan Network { get; }

    /// <summary>Voxels along R, A, S.</summary>
    public IReadOnlyList<int> Canvas { get; }

    public IReadOnlyList<PublishedTensor> Tensors { get; }

    /// <summary>Elements of all tensors.</summary>
    public long Elements { get; }

    /// <summary>The layout of a backbone at its published size.</summary>
    public static PublishedLayout Published(string backbone) => Create(
        new NetworkPlan { Backbone = backbone, Widths = Backbones.PublishedWidths(backbone), Depths = Backbones.PublishedDepths(backbone) },
        PublishedCanvas);

    /// <param name="network">Backbone, widths, depths.</param>
    /// <param name="canvas">Voxels along R, A, S.</param>
    public static PublishedLayout Create(NetworkPlan network, IReadOnlyList<int> canvas)
    {
        var templates = new PublishedTensor("rep_template", "template", "F32", [Modalities.All.Count, .. canvas.Select(s => (long)s)], TensorRole.Templates);
        return new PublishedLayout(network, canvas, [templates, .. network.Backbone == Backbones.UNet3D ? UNet3DLayout.Tensors(network) : UniFormerLayout.Tensors(network)]);
    }
}

/// <summary>Makes the tensors of layers under a key.</summary>
internal static class LayerTensors
{
    public static PublishedTensor Trained(string key, string name, params long[] shape) => new(key, name, "F32", shape, TensorRole.Trained);

    /// <summary>Weight and bias; the bias as long as the weight's first side.</summary>
    public static IEnumerable<PublishedTensor> Weighted(string key, string name, params long[] weight) =>
        [Trained(key + ".weight", name + ".weight", weight), Trained(key + ".bias", name + ".bias", weight[0])];

    /// <summary>Batch normalisation: weight, bias, running mean and variance, counter.</summary>
    public static IEnumerable<PublishedTensor> BatchNorm(string key, string name, long channels) =>
    [
        .. Weighted(key, name, channels),
        new PublishedTensor(key + ".running_mean", name + ".running_mean", "F32", [channels], TensorRole.Statistics),
        new PublishedTensor(key + ".running_var", name + ".running_var", "F32", [channels], TensorRole.Statistics),
        new PublishedTensor(key + ".num_batches_tracked", name + ".num_batches_tracked", "I64", [], TensorRole.Counter),
    ];
}
