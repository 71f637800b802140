using BrainMVP.Federated.Networks.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Encoders;

/// <summary>W₁ · norm(x) + b₁ on blocks of rows: batch normalisation goes into the weights, layer normalisation runs on each block.</summary>
internal abstract class NormalizedHidden : IDisposable
{
    /// <summary>Multiplies what <see cref="Normalized"/> returns, [hidden, C].</summary>
    public abstract Tensor Weight { get; }

    /// <summary>Added after it, [hidden].</summary>
    public abstract Tensor Bias { get; }

    /// <param name="norm">Batch or layer normalisation.</param>
    /// <param name="weight">W₁, [hidden, C, ...].</param>
    /// <param name="bias">b₁, [hidden].</param>
    /// <param name="rows">All rows, contiguous.</param>
    public static NormalizedHidden Create(nn.Module<Tensor, Tensor> norm, Tensor weight, Tensor bias, Tensor rows) => norm is BatchNorm3d batch
        ? new Batch(new FoldedNormalization(batch, weight, bias, rows))
        : new Layer((LayerNorm)norm, weight, bias);

    /// <summary>What <see cref="Weight"/> multiplies.</summary>
    /// <param name="x">A block of rows.</param>
    public abstract Tensor Normalized(Tensor x);

    /// <summary>Adds the gradient that comes through one block.</summary>
    /// <param name="x">A block of rows.</param>
    /// <param name="change">Gradient of its hidden values.</param>
    /// <param name="target">Gradient of x.</param>
    public abstract void AddInputGradient(Tensor x, Tensor change, Tensor target);

    /// <summary>Gradients of the affine parameters and of W₁ after the last block.</summary>
    /// <param name="rows">All rows.</param>
    /// <param name="projected">Σ change ᵀ · normalised.</param>
    /// <param name="sum">Σ change.</param>
    /// <param name="input">Gradient of all rows, completed.</param>
    public abstract (Tensor NormWeight, Tensor NormBias, Tensor Weight) Finish(Tensor rows, Tensor projected, Tensor sum, Tensor input);

    public abstract void Dispose();

    private sealed class Batch(FoldedNormalization folded) : NormalizedHidden
    {
        public override Tensor Weight => folded.Weight;

        public override Tensor Bias => folded.Bias;

        public override Tensor Normalized(Tensor x) => x;

        public override void AddInputGradient(Tensor x, Tensor change, Tensor target) => target.addmm_(change, folded.Weight, 1, 1);

        public override (Tensor, Tensor, Tensor) Finish(Tensor rows, Tensor projected, Tensor sum, Tensor input) => folded.Backward(rows, projected, sum, input);

        public override void Dispose() => folded.Dispose();
    }

    private sealed unsafe class Layer : NormalizedHidden
    {
        private readonly LayerNorm _norm;
        private readonly long[] _shape;
        private readonly int _columns;
        private readonly Tensor _gradients;

        public Layer(LayerNorm norm, Tensor weight, Tensor bias)
        {
            (_norm, _shape, _columns) = (norm, weight.shape, (int)weight.shape[1]);
            Weight = weight.detach().flatten(1).DetachFromDisposeScope();
            Bias = bias.detach().DetachFromDisposeScope();
            _gradients = zeros(2, _columns).DetachFromDisposeScope();
        }

        public override Tensor Weight { get; }

        public override Tensor Bias { get; }

        public override Tensor Normalized(Tensor x)
        {
            var z = empty_like(x);
            LayerNormKernel.Forward(TensorMemory.Pointer(x), TensorMemory.Pointer(_norm.weight!), TensorMemory.Pointer(_norm.bias!), TensorMemory.Pointer(z), x.shape[0], _columns, _norm.eps);
            return z;
        }

        public override void AddInputGradient(Tensor x, Tensor change, Tensor target)
        {
            using var normalized = change.mm(Weight);
            var sums = TensorMemory.Pointer(_gradients);
            LayerNormKernel.Backward(TensorMemory.Pointer(x), TensorMemory.Pointer(_norm.weight!), TensorMemory.Pointer(normalized), TensorMemory.Pointer(target), sums, sums + _columns, x.shape[0], _columns, _norm.eps);
        }

        public override (Tensor, Tensor, Tensor) Finish(Tensor rows, Tensor projected, Tensor sum, Tensor input) =>
            (_gradients[0].clone(), _gradients[1].clone(), projected.reshape(_shape));

        public override void Dispose()
        {
            Weight.Dispose();
            Bias.Dispose();
            _gradients.Dispose();
        }
    }
}
