using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Encoders;

/// <summary>
/// Local block of stages 1 and 2 of UniFormer: depth-wise 3³ position residual, then a residual of
/// 1³ → depth-wise 5³ → 1³ convolutions after batch normalisation (no activation inside), then a residual
/// feed-forward part. All shapes [B, C, D, H, W]. Field names are the state-dictionary keys.
/// </summary>
public sealed class ConvolutionBlock : Module<Tensor, Tensor>
{
    private readonly Conv3d pos_embed;
    private readonly BatchNorm3d norm1;
    private readonly Conv3d conv1;
    private readonly Conv3d conv2;
    private readonly Conv3d attn;
    private readonly BatchNorm3d norm2;
    private readonly ConvolutionFeedForward mlp;

    public ConvolutionBlock(int channels, int mlpRatio)
        : base(nameof(ConvolutionBlock))
    {
        pos_embed = Conv3d(channels, channels, kernel_size: 3, padding: 1, groups: channels);
        norm1 = BatchNorm3d(channels);
        conv1 = Conv3d(channels, channels, kernel_size: 1);
        conv2 = Conv3d(channels, channels, kernel_size: 1);
        attn = Conv3d(channels, channels, kernel_size: 5, padding: 2, groups: channels);
        norm2 = BatchNorm3d(channels);
        mlp = new ConvolutionFeedForward(channels, channels * mlpRatio);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = input + DepthwiseConvolution.Call(pos_embed, input);
        x = x + conv2.call(DepthwiseConvolution.Call(attn, conv1.call(norm1.call(x))));
        x = x + mlp.call(norm2.call(x));
        return x.MoveToOuterDisposeScope();
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

/// <summary>fc2(GELU(fc1(x))) with 1³ convolutions; exact GELU (erf).</summary>
public sealed class ConvolutionFeedForward : Module<Tensor, Tensor>
{
    private readonly Conv3d fc1;
    private readonly Conv3d fc2;

    public ConvolutionFeedForward(int channels, int hidden)
        : base(nameof(ConvolutionFeedForward))
    {
        fc1 = Conv3d(channels, hidden, kernel_size: 1);
        fc2 = Conv3d(hidden, channels, kernel_size: 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return fc2.call(functional.gelu(fc1.call(input))).MoveToOuterDisposeScope();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            fc1.Dispose();
            fc2.Dispose();
        }

        base.Dispose(disposing);
    }
}
