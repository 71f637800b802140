namespace BrainMVP.Federated.Networks.Models;

/// <summary>What initialisation needs to know of a network.</summary>
public interface INetwork
{
    /// <summary>Parameters and statistics by name.</summary>
    ModelState State { get; }

    /// <summary>Distribution that untrained convolutions are drawn from.</summary>
    internal Convolutions Convolutions { get; }
}

/// <summary>Distributions of untrained convolutions.</summary>
internal enum Convolutions
{
    /// <summary>Normal with variance 2 / (C_out · k³), groups not counted; bias 0.</summary>
    FanOutNormal,

    /// <summary>Weight and bias uniform within ±1/√fan_in, the default of PyTorch.</summary>
    FanInUniform,
}
