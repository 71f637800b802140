using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Autograd;

/// <summary>
/// Gradients that the last backward function on this thread returned. Native code takes them after the function has
/// ended, so they are held until the next one begins or the pass is over.
/// </summary>
internal static class ReturnedGradients
{
    [ThreadStatic]
    private static Tensor[]? _held;

    public static void Hold(IEnumerable<Tensor> gradients) => _held = [.. gradients];

    public static void Release()
    {
        var held = _held;
        _held = null;
        foreach (var tensor in held ?? [])
        {
            tensor.Dispose();
        }
    }
}
