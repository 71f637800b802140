using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Encoders;

/// <summary>
/// x + W₂ · GELU(W₁ · norm(x) + b₁) + b₂ on rows of channels, the feed-forward half of every block; exact GELU. On the
/// CPU it runs in blocks of rows that stay in the cache, so the hidden values, four times the input, are written at most
/// once; with recomputation they are not kept at all.
/// </summary>
internal sealed class ResidualFeedForward : OwnFunction<ResidualFeedForward>
{
    /// <summary>Hidden values of one block of rows: 1 MB.</summary>
    private const int BlockElements = 1 << 18;

    /// <param name="norm">Batch or layer normalisation of the channels.</param>
    /// <param name="first">Weight [hidden, C, ...] and bias.</param>
    /// <param name="second">Weight [C, hidden, ...] and bias.</param>
    /// <param name="rows">x, [rows, C].</param>
    /// <param name="recomputation">Keep no hidden values for the backward pass.</param>
    public static Tensor Call(nn.Module<Tensor, Tensor> norm, (Tensor Weight, Tensor Bias) first, (Tensor Weight, Tensor Bias) second, Tensor rows, bool recomputation)
    {
        Tensor[] affine = norm is LayerNorm layer ? [layer.weight!, layer.bias!] : [((BatchNorm3d)norm).weight!, ((BatchNorm3d)norm).bias!];
        if (!CpuKernels.Apply(rows))
        {
            return recomputation
                ? Recomputation.Call(x => Plain(norm, first, second, x), rows, [.. affine, first.Weight, first.Bias, second.Weight, second.Bias])
                : Plain(norm, first, second, rows);
        }

        if (is_grad_enabled())
        {
            return Apply(rows, affine[0], affine[1], first.Weight, first.Bias, second.Weight, second.Bias, norm, recomputation);
        }

        using var scope = NewDisposeScope();
        var contiguous = rows.contiguous();
        using var hidden = NormalizedHidden.Create(norm, first.Weight, first.Bias, contiguous);
        return Run(hidden, second.Weight, second.Bias, contiguous, null).MoveToOuterDisposeScope();
    }

    private protected override Tensor Forward(SavedForBackward saved, object[] arguments)
    {
        var rows = ((Tensor)arguments[0]).contiguous();
        var (weight, bias) = ((Tensor)arguments[5], (Tensor)arguments[6]);
        var hidden = NormalizedHidden.Create((nn.Module<Tensor, Tensor>)arguments[7], (Tensor)arguments[3], (Tensor)arguments[4], rows);
        var values = (bool)arguments[8] ? null : empty(rows.shape[0], weight.shape[1]);
        saved.State = hidden;
        saved.Keep(rows, weight, values);
        return Run(hidden, weight, bias, rows, values);
    }

    private protected override unsafe void Backward(SavedForBackward saved, Tensor gradient, Tensor?[] gradients)
    {
        var hidden = (NormalizedHidden)saved.State!;
        var (rows, second) = (saved[0], saved[1].flatten(1));
        var (count, channels, width) = (rows.shape[0], rows.shape[1], second.shape[1]);
        var (input, projected) = (empty_like(rows), zeros(width, channels));
        var (firstSum, secondWeight, secondSum) = (zeros(width), zeros(channels, width), empty(channels));
        for (var row = 0L; row < count; row += Step(width))
        {
            using var scope = NewDisposeScope();
            var size = Math.Min(Step(width), count - row);
            var (x, g, target) = (rows.narrow(0, row, size), gradient.narrow(0, row, size), input.narrow(0, row, size));
            var z = hidden.Normalized(x);
            var h = saved.Has(2) ? saved[2].narrow(0, row, size) : z.mm(hidden.Weight.t());
            var active = empty_like(h);
            var change = g.mm(second);
            GeluKernel.Backward(TensorMemory.Pointer(h), TensorMemory.Pointer(hidden.Bias), TensorMemory.Pointer(active), TensorMemory.Pointer(change), size, (int)width);
            secondWeight.addmm_(g.t(), active, 1, 1);
            projected.addmm_(change.t(), z, 1, 1);
            var sum = empty(width);
            RowKernel.Sum(TensorMemory.Pointer(change), size, (int)width, TensorMemory.Pointer(sum));
            firstSum.add_(sum);
            target.copy_(g);
            hidden.AddInputGradient(x, change, target);
        }

        RowKernel.Sum(TensorMemory.Pointer(gradient), count, (int)channels, TensorMemory.Pointer(secondSum));
        (gradients[1], gradients[2], gradients[3]) = hidden.Finish(rows, projected, firstSum, input);
        (gradients[0], gradients[4], gradients[5], gradients[6]) = (input, firstSum, secondWeight.reshape(saved[1].shape), secondSum);
    }

    private static Tensor Plain(nn.Module<Tensor, Tensor> norm, (Tensor Weight, Tensor Bias) first, (Tensor Weight, Tensor Bias) second, Tensor rows)
    {
        using var scope = NewDisposeScope();
        var normalized = norm is BatchNorm3d batch ? BatchNormalization.Call(batch, rows) : norm.call(rows);
        var hidden = nn.functional.gelu(nn.functional.linear(normalized, first.Weight.flatten(1), first.Bias));
        return (rows + nn.functional.linear(hidden, second.Weight.flatten(1), second.Bias)).MoveToOuterDisposeScope();
    }

    /// <param name="hidden">Normalisation and first layer.</param>
    /// <param name="weight">W₂.</param>
    /// <param name="bias">b₂.</param>
    /// <param name="rows">x, [rows, C].</param>
    /// <param name="values">Gets the values before the bias and GELU when not null, [rows, hidden].</param>
    private static unsafe Tensor Run(NormalizedHidden hidden, Tensor weight, Tensor bias, Tensor rows, Tensor? values)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var output = empty_like(rows);
        var (second, width) = (weight.flatten(1).t(), weight.shape[1]);
        for (var row = 0L; row < rows.shape[0]; row += Step(width))
        {
            using var block = NewDisposeScope();
            var size = Math.Min(Step(width), rows.shape[0] - row);
            var (x, y) = (rows.narrow(0, row, size), output.narrow(0, row, size));
            var h = values?.narrow(0, row, size) ?? empty(size, width);
            h.addmm_(hidden.Normalized(x), hidden.Weight.t(), 0, 1);
            var active = values is null ? h : empty(size, width);
            GeluKernel.Forward(TensorMemory.Pointer(h), TensorMemory.Pointer(hidden.Bias), TensorMemory.Pointer(active), size, (int)width);
            RowKernel.Shift(TensorMemory.Pointer(x), TensorMemory.Pointer(bias), TensorMemory.Pointer(y), size, (int)rows.shape[1]);
            y.addmm_(active, second, 1, 1);
        }

        return output.MoveToOuterDisposeScope();
    }

    /// <summary>Rows of a block; a multiple of 64 keeps the rows of narrow networks aligned to vectors.</summary>
    private static long Step(long width) => Math.Max(64, BlockElements / width / 64 * 64);
}
