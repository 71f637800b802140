namespace BrainMVP.Federated.Networks.Models;

/// <summary>What initialisation and files need to know of a network.</summary>
public interface INetwork
{
    /// <summary>Parameters and statistics by name.</summary>
    ModelState State { get; }

    /// <summary>Distribution that an untrained convolution is drawn from.</summary>
    /// <param name="path">Path of the layer, for example <c>encoder.patch_embed1.proj</c>.</param>
    Convolutions ConvolutionsAt(string path);
}

/// <summary>Distributions of untrained convolutions.</summary>
public enum Convolutions
{
    /// <summary>Normal with variance 2 / (C_out · k³), groups not counted; bias 0.</summary>
    FanOutNormal,

    /// <summary>Weight and bias uniform within ±1/√fan_in, the default of PyTorch.</summary>
    FanInUniform,
}
