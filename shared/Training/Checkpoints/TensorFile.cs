using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Checkpoints;

/// <summary>Moves tensors between memory and safetensors files without copies of whole files.</summary>
public static class TensorFile
{
    /// <summary>A tensor as a source for <see cref="SafetensorsWriter"/>; read when written.</summary>
    public static TensorSource Source(string name, Tensor tensor) => new(name, "F32", tensor.shape, stream =>
    {
        using var scope = NewDisposeScope();
        stream.Write((tensor.device_type == DeviceType.CPU ? tensor : tensor.detach().cpu()).bytes);
    });

    /// <summary>Fills a tensor from a file.</summary>
    /// <exception cref="FederationException">BMF-1406 when the name, type or shape differs.</exception>
    public static void Read(SafetensorsReader file, string name, Tensor destination)
    {
        if (!file.Tensors.TryGetValue(name, out var info) || info.DataType != "F32" || !info.Shape.SequenceEqual(destination.shape))
        {
            throw ErrorCatalogue.LayoutMismatch.With(
                $"{file.Path}: expected {name} F32 [{string.Join(", ", destination.shape)}], found {(info is null ? "nothing" : $"{info.DataType} [{string.Join(", ", info.Shape)}]")}.");
        }

        if (destination.device_type == DeviceType.CPU)
        {
            file.ReadBytes(name, 0, destination.bytes);
            return;
        }

        using var noGradient = no_grad();
        using var arrived = empty(destination.shape);
        file.ReadBytes(name, 0, arrived.bytes);
        destination.copy_(arrived);
    }

    /// <summary>True when no element is NaN or infinite.</summary>
    public static bool IsFinite(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().isfinite().all().item<bool>();
    }
}
