namespace BrainMVP.Federated.Networks.Autograd;

/// <summary>
/// State of a thread that operators depend on and that this library does not own: automatic mixed precision. Whoever
/// switches it on says here how to get it back, because what is recomputed in a backward pass must run under the same
/// state as the first time, possibly on another thread.
/// </summary>
public static class Ambient
{
    /// <summary>
    /// Called in the forward pass on its thread: null when mixed precision is off there, otherwise a function that
    /// switches it on as it is now, on any thread, until what it returns is disposed. Own CPU kernels work in 32-bit
    /// floats and step aside while it is not null.
    /// </summary>
    public static Func<Func<IDisposable>?> Capture { get; set; } = () => null;
}
