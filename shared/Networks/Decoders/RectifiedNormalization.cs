using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Decoders;

/// <summary>
/// LeakyReLU of the sum of instance-normalised grids, without parameters (eps 1e-5). On the CPU in
/// <see cref="InstanceNormKernel"/>, where the channels lie together as the convolutions leave them; the library would
/// copy every grid to and fro.
/// </summary>
internal sealed unsafe class RectifiedNormalization : OwnFunction<RectifiedNormalization>
{
    private const double Epsilon = 1e-5;
    private const double Slope = 0.01;

    /// <param name="grid">[B, C, D, H, W].</param>
    /// <param name="added">The same shape; null for none.</param>
    /// <returns>The same shape.</returns>
    public static Tensor Call(Tensor grid, Tensor? added = null)
    {
        if (!CpuKernels.Apply(grid) || added?.dtype is { } type && type != ScalarType.Float32)
        {
            using var library = NewDisposeScope();

            // Normalisations do not need their output again, so it is rectified and added to in place.
            var sum = functional.instance_norm(grid, eps: Epsilon);
            sum = added is null ? sum : sum.add_(functional.instance_norm(added, eps: Epsilon));
            return functional.leaky_relu(sum, Slope, inplace: true).MoveToOuterDisposeScope();
        }

        using var scope = NewDisposeScope();
        var (rows, more) = (Grids.Rows(grid), added is null ? null : Grids.Rows(added));
        var output = !is_grad_enabled() ? Run(rows, more, Affine(rows, more)) : more is null ? Apply(rows) : Apply(rows, more);
        return Grids.OfRows(output).MoveToOuterDisposeScope();
    }

    private protected override Tensor Forward(SavedForBackward saved, object[] arguments)
    {
        var (rows, more) = ((Tensor)arguments[0], arguments.Length > 1 ? (Tensor)arguments[1] : null);
        var affine = Affine(rows, more);
        saved.Keep(rows, more, affine);
        return Run(rows, more, affine);
    }

    private protected override void Backward(SavedForBackward saved, Tensor gradient, Tensor?[] gradients)
    {
        var (rows, more, affine) = (saved[0], saved.Has(1) ? saved[1] : null, saved[2]);
        var (first, second) = (empty_like(rows), more is null ? null : empty_like(more));
        var (samples, voxels, columns) = Sizes(rows);
        for (var n = 0; n < samples; n++)
        {
            var at = n * voxels * columns;
            InstanceNormKernel.Backward(At(rows, at), At(more, at), At(affine, n * affine.shape[1]), At(gradient, at), At(first, at), At(second, at), voxels, columns, (float)Slope);
        }

        gradients[0] = first;
        if (second is not null)
        {
            gradients[1] = second;
        }
    }

    private static Tensor Run(Tensor rows, Tensor? more, Tensor affine)
    {
        var output = empty_like(rows);
        var (samples, voxels, columns) = Sizes(rows);
        for (var n = 0; n < samples; n++)
        {
            var at = n * voxels * columns;
            InstanceNormKernel.Forward(At(rows, at), At(more, at), At(affine, n * affine.shape[1]), At(output, at), voxels, columns, (float)Slope);
        }

        return output;
    }

    /// <summary>Scale and shift of each channel of each sample, [B, 2C] or, of two grids, [B, 4C].</summary>
    private static Tensor Affine(Tensor rows, Tensor? more)
    {
        using var noGradient = no_grad();
        var (samples, voxels, columns) = Sizes(rows);
        var grids = more is null ? 1 : 2;
        var affine = empty(samples, grids * 2 * columns);
        for (var n = 0; n < samples; n++)
        {
            for (var grid = 0; grid < grids; grid++)
            {
                var scale = At(affine, ((n * grids) + grid) * 2 * columns);
                var shift = scale + columns;
                RowKernel.Statistics(At(grid == 0 ? rows : more, n * voxels * columns), voxels, columns, shift, scale);
                for (var c = 0; c < columns; c++)
                {
                    scale[c] = (float)(1 / Math.Sqrt(scale[c] + Epsilon));
                    shift[c] *= -scale[c];
                }
            }
        }

        return affine;
    }

    private static (long Samples, long Voxels, int Columns) Sizes(Tensor rows) => (rows.shape[0], rows.shape[1] * rows.shape[2] * rows.shape[3], (int)rows.shape[4]);

    private static float* At(Tensor? tensor, long element) => tensor is null ? null : TensorMemory.Pointer(tensor) + element;
}
