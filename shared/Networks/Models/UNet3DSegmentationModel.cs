using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Decoders;
using BrainMVP.Federated.Networks.Encoders;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Models;

/// <summary>UNET3D downstream: the encoder's levels are added to the decoder's. 18,802,595 parameters from 4 modalities to 3 classes.</summary>
public sealed class UNet3DSegmentationModel : SegmentationModel
{
    private readonly UNet3DEncoder _encoder;
    private readonly UNet3DDecoder _decoder;

    internal UNet3DSegmentationModel(NetworkPlan plan, int inputChannels, int classes, bool recomputation)
        : base(nameof(UNet3DSegmentationModel))
    {
        _encoder = new UNet3DEncoder(plan, inputChannels, recomputation, register_module);
        _decoder = new UNet3DDecoder(plan, classes, skips: true, recomputation, register_module);
        State = new ModelState(this);
    }

    public override Convolutions ConvolutionsAt(string path) => Convolutions.FanInUniform;

    public override bool IsHead(string name) => name.StartsWith("up1conv.", StringComparison.Ordinal);

    public override bool IsFirstStage(string name) => UNet3DEncoder.IsFirstStage(name);

    public override Segmentation forward(Tensor volumes)
    {
        using var scope = NewDisposeScope();
        var levels = _encoder.Features(volumes);
        var logits = _decoder.Forward(levels);
        return new Segmentation([logits.MoveToOuterDisposeScope()], levels[^1].MoveToOuterDisposeScope());
    }
}
