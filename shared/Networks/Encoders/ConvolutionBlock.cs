using BrainMVP.Federated.Networks.Autograd;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Encoders;

/// <summary>
/// Local block of stages 1 and 2 of UniFormer: depth-wise 3³ position residual, then a residual of
/// 1³ → depth-wise 5³ → 1³ convolutions after batch normalisation (no activation inside), then a residual
/// feed-forward part. Grids have their channels together: [B, D, H, W, C], so that a 1³ convolution is one matrix
/// product. Field names are the state-dictionary keys.
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
    private readonly bool _recomputation;

    public ConvolutionBlock(int channels, int mlpRatio, bool recomputation = false)
        : base(nameof(ConvolutionBlock))
    {
        _recomputation = recomputation;
        pos_embed = Conv3d(channels, channels, kernel_size: 3, padding: 1, groups: channels);
        norm1 = BatchNorm3d(channels);
        conv1 = Conv3d(channels, channels, kernel_size: 1);
        conv2 = Conv3d(channels, channels, kernel_size: 1);
        attn = Conv3d(channels, channels, kernel_size: 5, padding: 2, groups: channels);
        norm2 = BatchNorm3d(channels);
        mlp = new ConvolutionFeedForward(channels, channels * mlpRatio);
        RegisterComponents();
    }

    /// <param name="input">[B, D, H, W, C].</param>
    /// <returns>Same shape.</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var mixed = _recomputation ? Recomputation.Call(Mix, input, Mixing()) : Mix(input);
        return mlp.Residual(norm2, mixed, _recomputation).reshape(input.shape).MoveToOuterDisposeScope();
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

    /// <summary>Position residual and convolving residual; returns rows [B · D · H · W, C].</summary>
    private Tensor Mix(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = DepthwiseConvolution.Call(pos_embed, input, residual: true);
        var rows = x.reshape(-1, x.shape[^1]);
        var local = DepthwiseConvolution.Call(attn, NormalizedLinear.Call(norm1, conv1, rows).reshape(x.shape));
        return (rows + functional.linear(local.reshape(rows.shape), conv2.weight.flatten(1), conv2.bias)).MoveToOuterDisposeScope();
    }

    private IEnumerable<Tensor> Mixing() => ((Module[])[pos_embed, norm1, conv1, attn, conv2]).SelectMany(layer => layer.parameters());
}

/// <summary>fc2(GELU(fc1(x))) with 1³ convolutions; exact GELU (erf).</summary>
public sealed class ConvolutionFeedForward : Module
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

    /// <summary>The rows plus this part of the normalised rows.</summary>
    /// <param name="norm">Normalisation before it.</param>
    /// <param name="rows">[rows, C].</param>
    /// <param name="recomputation">Keep no hidden values.</param>
    internal Tensor Residual(BatchNorm3d norm, Tensor rows, bool recomputation) =>
        ResidualFeedForward.Call(norm, (fc1.weight, fc1.bias!), (fc2.weight, fc2.bias!), rows, recomputation);

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
