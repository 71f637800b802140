using BrainMVP.Federated.Contracts.Plans;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Models;

/// <summary>
/// A downstream network that labels voxels: the pre-trained backbone with one input channel for each modality and a
/// decoder with skip connections. Build it outside dispose scopes.
/// </summary>
public abstract class SegmentationModel : Module<Tensor, Segmentation>, INetwork
{
    private protected SegmentationModel(string name)
        : base(name)
    {
    }

    /// <inheritdoc/>
    public ModelState State { get; private protected set; } = null!;

    /// <summary>The network of a backbone, untrained.</summary>
    /// <param name="plan">Backbone, widths and depths.</param>
    /// <param name="inputChannels">Modalities of a volume.</param>
    /// <param name="classes">Channels of the logits; classes may overlap.</param>
    /// <param name="deepSupervision">Also give logits of coarser levels while training; UNET3D has none.</param>
    /// <param name="recomputation">Recompute blocks of the encoder in the backward pass.</param>
    public static SegmentationModel Create(NetworkPlan plan, int inputChannels, int classes, bool deepSupervision = true, bool recomputation = false) => plan.Backbone switch
    {
        Backbones.UniFormer => new UniUnetModel(plan, inputChannels, classes, deepSupervision, recomputation),
        Backbones.UNet3D => new UNet3DSegmentationModel(plan, inputChannels, classes, recomputation),
        var other => throw new ArgumentException($"Backbone \"{other}\" is unknown.", nameof(plan)),
    };

    /// <inheritdoc/>
    public abstract Convolutions ConvolutionsAt(string path);

    /// <summary>Whether a tensor belongs to the layers that give logits, by its name.</summary>
    public abstract bool IsHead(string name);

    /// <summary>Whether a tensor belongs to the finest stage, which sees the volumes, up to the way into the second; by its name.</summary>
    public abstract bool IsFirstStage(string name);

    /// <summary>Moves all tensors. They are new ones afterwards: make optimisers later.</summary>
    public void MoveTo(Device device)
    {
        if (device.type != DeviceType.CPU)
        {
            this.to(device);
            State = new ModelState(this);
        }
    }

    /// <param name="volumes">[B, C_in, R, A, S], sides multiples of 16.</param>
    public abstract override Segmentation forward(Tensor volumes);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var child in children())
            {
                child.Dispose();
            }
        }

        base.Dispose(disposing);
    }
}

/// <summary>Output of a segmentation network.</summary>
/// <param name="Scales">Logits that losses apply to, coarsest level first, all [B, K, R, A, S]; the last are the logits.</param>
/// <param name="Features">Deepest features of the encoder, for the consistency term.</param>
public sealed record Segmentation(IReadOnlyList<Tensor> Scales, Tensor Features)
{
    /// <summary>[B, K, R, A, S].</summary>
    public Tensor Logits => Scales[^1];
}
