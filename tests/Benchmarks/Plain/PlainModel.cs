using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Benchmarks.Plain;

/// <summary>
/// The same network written plainly in TorchSharp: what ours is compared with. Volumes [B, 1, R, A, S] in and out.
/// </summary>
internal sealed class PlainModel : Module<Tensor, Tensor>
{
    private readonly PlainEncoder encoder;
    private readonly PlainDecoder decoder;

    public PlainModel(NetworkPlan plan)
        : base(nameof(PlainModel))
    {
        encoder = new PlainEncoder(plan);
        decoder = new PlainDecoder(plan);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => decoder.call(encoder.call(input));

    /// <summary>Takes over the parameters of our network by name.</summary>
    public void CopyFrom(ReconstructionModel model)
    {
        using var noGradient = no_grad();
        var own = named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (var (name, parameter) in model.State.Parameters)
        {
            // The published keys have wrapper modules in between.
            own[name.Replace(".transp_conv.conv.", ".", StringComparison.Ordinal).Replace(".conv.conv.", ".", StringComparison.Ordinal)].copy_(parameter);
        }

        if (own.Count != model.State.Parameters.Count)
        {
            throw new InvalidOperationException("The plain network has other parameters than ours.");
        }
    }
}

/// <summary>Four stages behind patch embeddings, on [B, C, S, R, A].</summary>
internal sealed class PlainEncoder : Module<Tensor, Tensor>
{
    private readonly PlainPatchEmbedding patch_embed1;
    private readonly PlainPatchEmbedding patch_embed2;
    private readonly PlainPatchEmbedding patch_embed3;
    private readonly PlainPatchEmbedding patch_embed4;
    private readonly ModuleList<PlainConvolutionBlock> blocks1;
    private readonly ModuleList<PlainConvolutionBlock> blocks2;
    private readonly ModuleList<PlainAttentionBlock> blocks3;
    private readonly ModuleList<PlainAttentionBlock> blocks4;
    private readonly BatchNorm3d norm;

    public PlainEncoder(NetworkPlan plan)
        : base(nameof(PlainEncoder))
    {
        var (w, d) = (plan.Widths, plan.Depths);
        patch_embed1 = new PlainPatchEmbedding(1, w[0]);
        patch_embed2 = new PlainPatchEmbedding(w[0], w[1]);
        patch_embed3 = new PlainPatchEmbedding(w[1], w[2]);
        patch_embed4 = new PlainPatchEmbedding(w[2], w[3]);
        blocks1 = new([.. Enumerable.Range(0, d[0]).Select(_ => new PlainConvolutionBlock(w[0], plan.MlpRatio))]);
        blocks2 = new([.. Enumerable.Range(0, d[1]).Select(_ => new PlainConvolutionBlock(w[1], plan.MlpRatio))]);
        blocks3 = new([.. Enumerable.Range(0, d[2]).Select(_ => new PlainAttentionBlock(w[2], plan.HeadWidth, plan.MlpRatio))]);
        blocks4 = new([.. Enumerable.Range(0, d[3]).Select(_ => new PlainAttentionBlock(w[3], plan.HeadWidth, plan.MlpRatio))]);
        norm = BatchNorm3d(w[3]);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var x = patch_embed1.call(input.permute(0, 1, 4, 2, 3));
        x = blocks1.Aggregate(x, (v, block) => block.call(v));
        x = blocks2.Aggregate(patch_embed2.call(x), (v, block) => block.call(v));
        x = blocks3.Aggregate(patch_embed3.call(x), (v, block) => block.call(v));
        x = blocks4.Aggregate(patch_embed4.call(x), (v, block) => block.call(v));
        return norm.call(x);
    }
}

/// <summary>Four transposed convolutions and a 1³ convolution.</summary>
internal sealed class PlainDecoder : Module<Tensor, Tensor>
{
    private readonly ConvTranspose3d decoder5;
    private readonly ConvTranspose3d decoder4;
    private readonly ConvTranspose3d decoder3;
    private readonly ConvTranspose3d decoder2;
    private readonly Conv3d out_1;

    public PlainDecoder(NetworkPlan plan)
        : base(nameof(PlainDecoder))
    {
        var w = plan.Widths;
        decoder5 = ConvTranspose3d(w[3], w[2], kernel_size: 2, stride: 2, bias: false);
        decoder4 = ConvTranspose3d(w[2], w[1], kernel_size: 2, stride: 2, bias: false);
        decoder3 = ConvTranspose3d(w[1], w[0], kernel_size: 2, stride: 2, bias: false);
        decoder2 = ConvTranspose3d(w[0], w[0], kernel_size: 2, stride: 2, bias: false);
        out_1 = Conv3d(w[0], 1, kernel_size: 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var x = decoder5.call(input.permute(0, 1, 3, 4, 2));
        return out_1.call(decoder2.call(decoder3.call(decoder4.call(x))));
    }
}
