using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Decoders;
using BrainMVP.Federated.Networks.Encoders;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Models;

/// <summary>
/// The network that crosses the wire: encoder and reconstruction decoder under the key prefixes <c>encoder.</c> and
/// <c>decoder.</c>. Build it outside dispose scopes: a scope would dispose its parameters.
/// </summary>
public sealed class ReconstructionModel : Module<Tensor, Reconstruction>
{
    private readonly UniFormerEncoder encoder;
    private readonly ReconstructionDecoder decoder;

    public ReconstructionModel(NetworkPlan plan)
        : base(nameof(ReconstructionModel))
    {
        encoder = new UniFormerEncoder(plan);
        decoder = new ReconstructionDecoder(plan);
        RegisterComponents();
        State = new ModelState(this);
    }

    public UniFormerEncoder Encoder => encoder;

    public ReconstructionDecoder Decoder => decoder;

    /// <summary>Parameters and statistics by name.</summary>
    public ModelState State { get; }

    /// <param name="volumes">[B, 1, R, A, S], sides multiples of 16.</param>
    public override Reconstruction forward(Tensor volumes)
    {
        using var scope = NewDisposeScope();
        var features = encoder.call(volumes);
        var volume = decoder.call(features);
        return new Reconstruction(features.MoveToOuterDisposeScope(), volume.MoveToOuterDisposeScope());
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            encoder.Dispose();
            decoder.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Output of the model.</summary>
/// <param name="Features">x4, [B, C, S/16, R/16, A/16].</param>
/// <param name="Volume">[B, 1, R, A, S].</param>
public sealed record Reconstruction(Tensor Features, Tensor Volume);
