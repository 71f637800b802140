using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Decoders;
using BrainMVP.Federated.Networks.Encoders;
using BrainMVP.Federated.Networks.Kernels;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Models;

/// <summary>
/// UniUnet: UniFormer with the segmentation decoder, 34,323,011 parameters from 4 modalities to 3 classes. With deep
/// supervision, two 1³ convolutions <c>ms_out</c> give logits of decoder4 and decoder3 while it trains (34,323,593).
/// </summary>
public sealed class UniUnetModel : SegmentationModel
{
    private readonly UniFormerEncoder encoder;
    private readonly SegmentationDecoder decoder;
    private readonly ModuleList<Conv3d>? ms_out;

    internal UniUnetModel(NetworkPlan plan, int inputChannels, int classes, bool deepSupervision, bool recomputation)
        : base(nameof(UniUnetModel))
    {
        encoder = new UniFormerEncoder(plan, inputChannels, recomputation);
        decoder = new SegmentationDecoder(plan, inputChannels, classes);
        ms_out = deepSupervision
            ? new ModuleList<Conv3d>(Conv3d(plan.Widths[1], classes, kernel_size: 1), Conv3d(plan.Widths[0], classes, kernel_size: 1))
            : null;
        RegisterComponents();
        State = new ModelState(this);
    }

    public UniFormerEncoder Encoder => encoder;

    public SegmentationDecoder Decoder => decoder;

    // The published initialising loop runs over encoder and decoder; the supervision heads stay as PyTorch makes them.
    public override Convolutions ConvolutionsAt(string path) =>
        path.StartsWith(nameof(ms_out), StringComparison.Ordinal) ? Convolutions.FanInUniform : Convolutions.FanOutNormal;

    public override bool IsHead(string name) => name.StartsWith("decoder.out.", StringComparison.Ordinal) || name.StartsWith(nameof(ms_out) + ".", StringComparison.Ordinal);

    public override bool IsFirstStage(string name) => UniFormerEncoder.IsFirstStage(name, "encoder.") || name.StartsWith("decoder.proj1.", StringComparison.Ordinal);

    public override Segmentation forward(Tensor volumes)
    {
        using var scope = NewDisposeScope();
        var features = encoder.Features(volumes);
        var levels = decoder.call(features);
        var scales = new List<Tensor>();
        if (ms_out is not null && training)
        {
            scales.Add(Enlarge(DenseConvolution.Call(ms_out[0], levels[0]), 4));
            scales.Add(Enlarge(DenseConvolution.Call(ms_out[1], levels[1]), 2));
        }

        scales.Add(levels[2]);
        return new Segmentation([.. scales.Select(s => s.MoveToOuterDisposeScope())], features[4].contiguous().MoveToOuterDisposeScope());
    }

    private static Tensor Enlarge(Tensor logits, double factor) =>
        functional.interpolate(logits, scale_factor: [factor, factor, factor], mode: InterpolationMode.Trilinear, align_corners: true);
}
