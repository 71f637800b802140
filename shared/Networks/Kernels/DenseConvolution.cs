using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Kernels;

/// <summary>A convolution whose channels are one group, by the library and in the memory layout in which it is right; see <see cref="LibraryConvolutions"/>.</summary>
internal static class DenseConvolution
{
    /// <param name="layer">Any kernel and stride, one group.</param>
    /// <param name="input">[B, C_in, D, H, W].</param>
    /// <returns>[B, C_out, D', H', W'].</returns>
    public static Tensor Call(Conv3d layer, Tensor input)
    {
        if (LibraryConvolutions.Trust != ConvolutionTrust.ChannelsTogether || input.device_type != DeviceType.CPU)
        {
            return layer.call(input);
        }

        using var scope = NewDisposeScope();
        return layer.call(LibraryConvolutions.ChannelsTogether(input)).MoveToOuterDisposeScope();
    }
}
