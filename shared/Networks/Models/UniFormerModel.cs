using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Decoders;
using BrainMVP.Federated.Networks.Encoders;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Models;

/// <summary>UniFormer with its reconstruction decoder under the key prefixes <c>encoder.</c> and <c>decoder.</c>.</summary>
public sealed class UniFormerModel : ReconstructionModel
{
    private readonly UniFormerEncoder encoder;
    private readonly ReconstructionDecoder decoder;

    internal UniFormerModel(NetworkPlan plan, bool recomputation)
        : base(nameof(UniFormerModel))
    {
        encoder = new UniFormerEncoder(plan, recomputation: recomputation);
        decoder = new ReconstructionDecoder(plan);
        RegisterComponents();
        State = new ModelState(this);
    }

    public UniFormerEncoder Encoder => encoder;

    public ReconstructionDecoder Decoder => decoder;

    public override Convolutions ConvolutionsAt(string path) => Convolutions.FanOutNormal;

    public override Reconstruction forward(Tensor volumes)
    {
        using var scope = NewDisposeScope();
        var features = encoder.call(volumes);
        var volume = decoder.call(features);
        return new Reconstruction(features.MoveToOuterDisposeScope(), volume.MoveToOuterDisposeScope());
    }
}
