using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Masking;

/// <summary>Builds the network's inputs: masked voxels are replaced by a filler, visible voxels stay bit-identical.</summary>
public static class MaskedViews
{
    /// <param name="target">[..., R, A, S].</param>
    /// <param name="mask">True where replaced; same shape.</param>
    /// <param name="filler">Template crop or another modality; same shape. Receives gradient at masked voxels only.</param>
    public static Tensor Fill(Tensor target, Tensor mask, Tensor filler) => where(mask, filler, target);
}
