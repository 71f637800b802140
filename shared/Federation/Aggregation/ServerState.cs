using BrainMVP.Federated.Contracts.Documents;

namespace BrainMVP.Federated.Federation.Aggregation;

/// <summary>Names of the server optimiser's tensors in its artifact, which the commit names.</summary>
internal static class ServerState
{
    /// <summary>First moment of a tensor, F32, the tensor's shape.</summary>
    public static string First(LayoutTensor tensor) => "first." + tensor.Name;

    /// <summary>Second moment of a tensor, F32, the tensor's shape.</summary>
    public static string Second(LayoutTensor tensor) => "second." + tensor.Name;
}
