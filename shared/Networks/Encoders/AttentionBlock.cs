using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Encoders;

/// <summary>
/// Global block of stages 3 and 4 of UniFormer: depth-wise 3³ position residual on the grid, then self-attention over
/// all tokens and a feed-forward part, both residual after layer normalisation (eps 1e-6). Grids have their channels
/// together: [B, D, H, W, C]. Field names are the state-dictionary keys.
/// </summary>
public sealed class AttentionBlock : Module<Tensor, Tensor>
{
    private readonly Conv3d pos_embed;
    private readonly LayerNorm norm1;
    private readonly SelfAttention attn;
    private readonly LayerNorm norm2;
    private readonly TokenFeedForward mlp;
    private readonly bool _recomputation;

    public AttentionBlock(int channels, int headWidth, int mlpRatio, bool recomputation = false)
        : base(nameof(AttentionBlock))
    {
        _recomputation = recomputation;
        pos_embed = Conv3d(channels, channels, kernel_size: 3, padding: 1, groups: channels);
        norm1 = LayerNorm(channels, eps: 1e-6);
        attn = new SelfAttention(channels, headWidth);
        norm2 = LayerNorm(channels, eps: 1e-6);
        mlp = new TokenFeedForward(channels, channels * mlpRatio);
        RegisterComponents();
    }

    /// <param name="input">[B, D, H, W, C].</param>
    /// <returns>Same shape.</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = DepthwiseConvolution.Call(pos_embed, input, residual: true);
        var tokens = x.reshape(x.shape[0], -1, x.shape[^1]);
        tokens = tokens + attn.call(LayerNormalization.Call(norm1, tokens));
        return mlp.Residual(norm2, tokens.reshape(-1, x.shape[^1]), _recomputation).reshape(x.shape).MoveToOuterDisposeScope();
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

/// <summary>softmax(q kᵀ / √d) v over all tokens; q, k and v come from one linear layer laid out [B, N, 3, heads, d].</summary>
public sealed class SelfAttention : Module<Tensor, Tensor>
{
    private readonly Linear qkv;
    private readonly Linear proj;
    private readonly int _heads;

    public SelfAttention(int channels, int headWidth)
        : base(nameof(SelfAttention))
    {
        _heads = channels / headWidth;
        qkv = Linear(channels, channels * 3);
        proj = Linear(channels, channels);
        RegisterComponents();
    }

    /// <param name="tokens">[B, N, C].</param>
    public override Tensor forward(Tensor tokens)
    {
        using var scope = NewDisposeScope();
        var (batch, count, channels) = (tokens.shape[0], tokens.shape[1], tokens.shape[2]);
        var parts = qkv.call(tokens).reshape(batch, count, 3, _heads, channels / _heads).permute(2, 0, 3, 1, 4);
        var mixed = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2]);
        return proj.call(mixed.transpose(1, 2).reshape(batch, count, channels)).MoveToOuterDisposeScope();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            qkv.Dispose();
            proj.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>fc2(GELU(fc1(x))) with linear layers; exact GELU (erf).</summary>
public sealed class TokenFeedForward : Module
{
    private readonly Linear fc1;
    private readonly Linear fc2;

    public TokenFeedForward(int channels, int hidden)
        : base(nameof(TokenFeedForward))
    {
        fc1 = Linear(channels, hidden);
        fc2 = Linear(hidden, channels);
        RegisterComponents();
    }

    /// <summary>The rows plus this part of the normalised rows.</summary>
    /// <param name="norm">Normalisation before it.</param>
    /// <param name="rows">[rows, C].</param>
    /// <param name="recomputation">Keep no hidden values.</param>
    internal Tensor Residual(LayerNorm norm, Tensor rows, bool recomputation) =>
        ResidualFeedForward.Call(norm, (fc1.weight!, fc1.bias!), (fc2.weight!, fc2.bias!), rows, recomputation);

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
