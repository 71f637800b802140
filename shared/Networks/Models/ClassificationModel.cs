using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Encoders;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Models;

/// <summary>
/// A downstream network that labels volumes: the deepest features of the pre-trained backbone, averaged over the grid,
/// and one linear layer <c>head</c>. The encoder's keys are those of pre-training. Build it outside dispose scopes.
/// </summary>
public sealed class ClassificationModel : Module<Tensor, Classification>, INetwork
{
    private readonly UniFormerEncoder? encoder;
    private readonly Linear head;
    private readonly UNet3DEncoder? _residual;

    /// <param name="plan">Backbone, widths and depths.</param>
    /// <param name="inputChannels">Modalities of a volume.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="recomputation">Recompute blocks of the encoder in the backward pass.</param>
    public ClassificationModel(NetworkPlan plan, int inputChannels, int classes, bool recomputation = false)
        : base(nameof(ClassificationModel))
    {
        encoder = plan.Backbone == Backbones.UniFormer ? new UniFormerEncoder(plan, inputChannels, recomputation) : null;
        head = Linear(plan.Widths[^1], classes);
        RegisterComponents();
        _residual = encoder is null ? new UNet3DEncoder(plan, inputChannels, recomputation, register_module) : null;
        State = new ModelState(this);
    }

    /// <inheritdoc/>
    public ModelState State { get; private set; }

    /// <inheritdoc/>
    public Convolutions ConvolutionsAt(string path) => encoder is null ? Convolutions.FanInUniform : Convolutions.FanOutNormal;

    /// <summary>Whether a tensor belongs to the layer that gives logits, by its name.</summary>
    public bool IsHead(string name) => name.StartsWith(nameof(head) + ".", StringComparison.Ordinal);

    /// <summary>Whether a tensor belongs to the finest stage, which sees the volumes, up to the way into the second; by its name.</summary>
    public bool IsFirstStage(string name) => encoder is null ? UNet3DEncoder.IsFirstStage(name) : UniFormerEncoder.IsFirstStage(name, nameof(encoder) + ".");

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
    public override Classification forward(Tensor volumes)
    {
        using var scope = NewDisposeScope();
        var features = encoder is not null ? encoder.call(volumes) : _residual!.Features(volumes)[^1];
        var logits = head.call(features.flatten(2).mean([2L]));
        return new Classification(logits.MoveToOuterDisposeScope(), features.MoveToOuterDisposeScope());
    }

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

/// <summary>Output of a classification network.</summary>
/// <param name="Logits">[B, K].</param>
/// <param name="Features">Deepest features of the encoder, for the consistency term.</param>
public sealed record Classification(Tensor Logits, Tensor Features);
