using BrainMVP.Federated.Contracts.Plans;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Models;

/// <summary>
/// The network that crosses the wire: an encoder and what reconstructs a volume from its deepest features. It holds
/// only what pre-training moves. Build it outside dispose scopes: a scope would dispose its parameters.
/// </summary>
public abstract class ReconstructionModel : Module<Tensor, Reconstruction>, INetwork
{
    private protected ReconstructionModel(string name)
        : base(name)
    {
    }

    /// <summary>Parameters and statistics by name.</summary>
    public ModelState State { get; private protected set; } = null!;

    /// <summary>All batch normalisations; none in a network that normalises groups.</summary>
    public IReadOnlyList<BatchNorm3d> BatchNorms => State.BatchNorms;

    /// <inheritdoc/>
    public abstract Convolutions ConvolutionsAt(string path);

    /// <summary>The network of a plan, untrained: fill it by <see cref="ModelInitialization"/> or from a file.</summary>
    /// <param name="plan">Backbone, widths and depths.</param>
    /// <param name="recomputation">Recompute parts of the blocks in the backward pass: less memory, more time, the same gradients.</param>
    public static ReconstructionModel Create(NetworkPlan plan, bool recomputation = false) => plan.Backbone switch
    {
        Backbones.UniFormer => new UniFormerModel(plan, recomputation),
        Backbones.UNet3D => new UNet3DModel(plan, recomputation),
        var other => throw new ArgumentException($"Backbone \"{other}\" is unknown.", nameof(plan)),
    };

    /// <summary>Moves all tensors. They are new ones afterwards: make optimisers later.</summary>
    public void MoveTo(Device device)
    {
        if (device.type != DeviceType.CPU)
        {
            this.to(device);
            State = new ModelState(this);
        }
    }

    /// <param name="volumes">[B, 1, R, A, S], sides multiples of 16 (of 8 suffices for UNET3D).</param>
    public abstract override Reconstruction forward(Tensor volumes);

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

/// <summary>Output of the model.</summary>
/// <param name="Features">Deepest features: of UniFormer x4, [B, C, S/16, R/16, A/16]; of UNET3D c4d, [B, C, R/8, A/8, S/8].</param>
/// <param name="Volume">[B, 1, R, A, S].</param>
public sealed record Reconstruction(Tensor Features, Tensor Volume);
