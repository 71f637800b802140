using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Decoders;
using BrainMVP.Federated.Networks.Encoders;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Models;

/// <summary>
/// Residual convolutional encoder and decoder, without the skip connections: 18,799,937 parameters with widths
/// 32/64/128/256 and depths 1/2/2/4. Keys have no prefix: <c>conv1a.weight</c> … <c>up1conv.bias</c>.
/// </summary>
public sealed class UNet3DModel : ReconstructionModel
{
    internal UNet3DModel(NetworkPlan plan, bool recomputation)
        : base(nameof(UNet3DModel))
    {
        Encoder = new UNet3DEncoder(plan, 1, recomputation, register_module);
        Decoder = new UNet3DDecoder(plan, 1, skips: false, recomputation, register_module);
        State = new ModelState(this);
    }

    /// <summary>Its layers are this model's children.</summary>
    public UNet3DEncoder Encoder { get; }

    /// <summary>Its layers are this model's children.</summary>
    public UNet3DDecoder Decoder { get; }

    // The published training code leaves this network as PyTorch makes it; its initialising loop belongs to UniFormer's classes.
    public override Convolutions ConvolutionsAt(string path) => Convolutions.FanInUniform;

    public override Reconstruction forward(Tensor volumes)
    {
        using var scope = NewDisposeScope();
        var levels = Encoder.Features(volumes);
        var volume = Decoder.Forward(levels);
        return new Reconstruction(levels[^1].MoveToOuterDisposeScope(), volume.MoveToOuterDisposeScope());
    }
}
