using BrainMVP.Federated.Contracts.Plans;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Decoders;

/// <summary>
/// Four transposed convolutions of kernel 2, stride 2 without bias and a 1³ convolution, nothing in between: one
/// affine map from each x4 voxel to its own 16³ voxels. Only the parts that pre-training moves exist; with widths
/// 64/128/320/512 they are 1,736,769 parameters. Field names are the state-dictionary keys.
/// </summary>
public sealed class ReconstructionDecoder : Module<Tensor, Tensor>
{
    private readonly UpBlock decoder5;
    private readonly UpBlock decoder4;
    private readonly UpBlock decoder3;
    private readonly UpBlock decoder2;
    private readonly OutputBlock out_1;

    public ReconstructionDecoder(NetworkPlan plan, int outputChannels = 1)
        : base(nameof(ReconstructionDecoder))
    {
        var widths = plan.Widths;
        decoder5 = new UpBlock(widths[3], widths[2]);
        decoder4 = new UpBlock(widths[2], widths[1]);
        decoder3 = new UpBlock(widths[1], widths[0]);
        decoder2 = new UpBlock(widths[0], widths[0]);
        out_1 = new OutputBlock(widths[0], outputChannels);
        RegisterComponents();
    }

    /// <summary>
    /// Nothing lies between the levels, so their weights are multiplied first where that is less work: the last three
    /// levels and the output are one map from a voxel after decoder5 to its 8³ voxels, and the widest grids of the whole
    /// network are never written. That map's columns are put into the order of the block's axes while they are weights.
    /// </summary>
    /// <param name="features">x4 of the encoder, [B, C, S/16, R/16, A/16].</param>
    /// <returns>[B, C_out, R, A, S].</returns>
    public override Tensor forward(Tensor features)
    {
        using var scope = NewDisposeScope();
        var channels = out_1.Weight.shape[0];
        var tail = Joined(decoder4, Joined(decoder3, Joined(decoder2, out_1.Weight.flatten(1).t().unsqueeze(1))));
        var width = tail.shape[0];
        tail = tail.reshape([width, 2, 2, 2, 2, 2, 2, 2, 2, 2, channels])
            .permute(0, 10, 1, 4, 7, 2, 5, 8, 3, 6, 9)
            .reshape(width, channels * 512);

        // [B, R', A', S', child of decoder5 (r, a, s), C_out, block of 8³ (r, a, s)].
        var (batch, rows, columns, slices) = (features.shape[0], features.shape[3], features.shape[4], features.shape[2]);
        return features.permute(0, 3, 4, 2, 1)
            .reshape(-1, features.shape[1])
            .mm(Children(decoder5).flatten(1))
            .reshape(-1, width)
            .mm(tail)
            .reshape([batch, rows, columns, slices, 2, 2, 2, channels, 8, 8, 8])
            .permute(0, 7, 1, 4, 8, 2, 5, 9, 3, 6, 10)
            .reshape(batch, channels, rows * 16, columns * 16, slices * 16)
            .add_(out_1.Bias.reshape(1, channels, 1, 1, 1))
            .MoveToOuterDisposeScope();
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

    /// <summary>Weights of a level as [C_in, 8 children, C_out].</summary>
    private static Tensor Children(UpBlock level) => level.Weight.permute(0, 2, 3, 4, 1).flatten(1, 3);

    /// <summary>
    /// A level and the map from its output to leaves, [C, leaves, C_out], as one map. Products of two matrices throughout:
    /// the general product of the library ends the process when memory runs out.
    /// </summary>
    private static Tensor Joined(UpBlock level, Tensor tail) =>
        Children(level).flatten(0, 1).mm(tail.flatten(1)).reshape(level.Weight.shape[0], -1, tail.shape[2]);
}
