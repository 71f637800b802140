using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Benchmarks.Plain;

// What a reader of the paper would write with library modules on a first day. Field names are the keys of our network.

/// <summary>Convolution of kernel 2 and stride 2, then layer normalisation over channels.</summary>
internal sealed class PlainPatchEmbedding : Module<Tensor, Tensor>
{
    private readonly Conv3d proj;
    private readonly LayerNorm norm;

    public PlainPatchEmbedding(int input, int output)
        : base(nameof(PlainPatchEmbedding))
    {
        proj = Conv3d(input, output, kernel_size: 2, stride: 2);
        norm = LayerNorm(output, eps: 1e-5);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var x = proj.call(input);
        var (batch, channels, depth, height, width) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3], x.shape[4]);
        x = norm.call(x.flatten(2).transpose(1, 2));
        return x.reshape(batch, depth, height, width, channels).permute(0, 4, 1, 2, 3).contiguous();
    }
}

/// <summary>Local block: depth-wise convolutions and 1³ convolutions, batch normalisation.</summary>
internal sealed class PlainConvolutionBlock : Module<Tensor, Tensor>
{
    private readonly Conv3d pos_embed;
    private readonly BatchNorm3d norm1;
    private readonly Conv3d conv1;
    private readonly Conv3d conv2;
    private readonly Conv3d attn;
    private readonly BatchNorm3d norm2;
    private readonly PlainConvolutionMlp mlp;

    public PlainConvolutionBlock(int channels, int ratio)
        : base(nameof(PlainConvolutionBlock))
    {
        pos_embed = Conv3d(channels, channels, kernel_size: 3, padding: 1, groups: channels);
        norm1 = BatchNorm3d(channels);
        conv1 = Conv3d(channels, channels, kernel_size: 1);
        conv2 = Conv3d(channels, channels, kernel_size: 1);
        attn = Conv3d(channels, channels, kernel_size: 5, padding: 2, groups: channels);
        norm2 = BatchNorm3d(channels);
        mlp = new PlainConvolutionMlp(channels, channels * ratio);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var x = input + pos_embed.call(input);
        x = x + conv2.call(attn.call(conv1.call(norm1.call(x))));
        return x + mlp.call(norm2.call(x));
    }
}

/// <summary>1³ convolution, GELU, 1³ convolution.</summary>
internal sealed class PlainConvolutionMlp : Module<Tensor, Tensor>
{
    private readonly Conv3d fc1;
    private readonly Conv3d fc2;

    public PlainConvolutionMlp(int channels, int hidden)
        : base(nameof(PlainConvolutionMlp))
    {
        fc1 = Conv3d(channels, hidden, kernel_size: 1);
        fc2 = Conv3d(hidden, channels, kernel_size: 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => fc2.call(functional.gelu(fc1.call(input)));
}

/// <summary>Global block: depth-wise position residual, self-attention and linear layers after layer normalisation.</summary>
internal sealed class PlainAttentionBlock : Module<Tensor, Tensor>
{
    private readonly Conv3d pos_embed;
    private readonly LayerNorm norm1;
    private readonly PlainAttention attn;
    private readonly LayerNorm norm2;
    private readonly PlainMlp mlp;

    public PlainAttentionBlock(int channels, int headWidth, int ratio)
        : base(nameof(PlainAttentionBlock))
    {
        pos_embed = Conv3d(channels, channels, kernel_size: 3, padding: 1, groups: channels);
        norm1 = LayerNorm(channels, eps: 1e-6);
        attn = new PlainAttention(channels, headWidth);
        norm2 = LayerNorm(channels, eps: 1e-6);
        mlp = new PlainMlp(channels, channels * ratio);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var x = input + pos_embed.call(input);
        var shape = x.shape;
        x = x.flatten(2).transpose(1, 2);
        x = x + attn.call(norm1.call(x));
        x = x + mlp.call(norm2.call(x));
        return x.transpose(1, 2).reshape(shape);
    }
}

/// <summary>softmax(q kᵀ · d^-½) v.</summary>
internal sealed class PlainAttention : Module<Tensor, Tensor>
{
    private readonly Linear qkv;
    private readonly Linear proj;
    private readonly int _headWidth;

    public PlainAttention(int channels, int headWidth)
        : base(nameof(PlainAttention))
    {
        _headWidth = headWidth;
        qkv = Linear(channels, channels * 3);
        proj = Linear(channels, channels);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var (batch, tokens, channels) = (input.shape[0], input.shape[1], input.shape[2]);
        var parts = qkv.call(input).reshape(batch, tokens, 3, channels / _headWidth, _headWidth).permute(2, 0, 3, 1, 4);
        var weights = functional.softmax(parts[0].matmul(parts[1].transpose(-2, -1)) * (1 / Math.Sqrt(_headWidth)), dim: -1);
        return proj.call(weights.matmul(parts[2]).transpose(1, 2).reshape(batch, tokens, channels));
    }
}

/// <summary>Linear, GELU, linear.</summary>
internal sealed class PlainMlp : Module<Tensor, Tensor>
{
    private readonly Linear fc1;
    private readonly Linear fc2;

    public PlainMlp(int channels, int hidden)
        : base(nameof(PlainMlp))
    {
        fc1 = Linear(channels, hidden);
        fc2 = Linear(hidden, channels);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => fc2.call(functional.gelu(fc1.call(input)));
}
