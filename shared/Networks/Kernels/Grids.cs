using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Kernels;

/// <summary>Grids of voxels [B, C, D, H, W] whose channels lie together in memory, and their rows [B, D, H, W, C].</summary>
internal static class Grids
{
    /// <summary>A contiguous tensor of the rows: a view where the channels lie together already.</summary>
    /// <param name="grid">[B, C, D, H, W].</param>
    public static Tensor Rows(Tensor grid) => grid.permute(0, 2, 3, 4, 1).contiguous();

    /// <summary>The grid whose rows they are, a view.</summary>
    /// <param name="rows">[B, D, H, W, C].</param>
    public static Tensor OfRows(Tensor rows) => rows.permute(0, 4, 1, 2, 3);
}
