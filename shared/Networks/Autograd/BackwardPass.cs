using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Autograd;

/// <summary>
/// Runs backward passes through networks of this library. Parts of them run managed code below native code, which an
/// exception cannot cross: it is kept, the pass ends without the missing gradients, and it is thrown here. Out of memory
/// is therefore an exception also when it happens in the backward pass.
/// </summary>
public static class BackwardPass
{
    /// <summary>Passes under way by the thread that started them; the value is the first failure.</summary>
    private static readonly ConcurrentDictionary<int, ExceptionDispatchInfo?> Running = new();

    /// <summary>Adds the gradients of a loss to its parameters. Call it on the thread that ran the forward pass.</summary>
    /// <param name="loss">Scalar.</param>
    public static void Run(Tensor loss) => Guarded(loss.backward);

    /// <summary>
    /// Lets go at once of what the forward passes of this thread kept for backward passes that will not come, because
    /// something failed in between. Otherwise it stays until the next garbage collection.
    /// </summary>
    /// <returns>Number of operators that kept something.</returns>
    public static int Abandon() => SavedForBackward.ReleaseAll();

    /// <summary>Runs a backward pass, possibly inside of another one, and throws what failed inside of it.</summary>
    internal static void Guarded(Action pass)
    {
        var thread = Environment.CurrentManagedThreadId;
        var outermost = Running.TryAdd(thread, null);
        try
        {
            pass();
        }
        catch when (Running[thread] is not null)
        {
            // What native code says about missing gradients only follows from the failure kept before.
        }
        finally
        {
            ReturnedGradients.Release();
            if (outermost ? Running.TryRemove(thread, out var failure) : Running.TryGetValue(thread, out failure))
            {
                failure?.Throw();
            }
        }
    }

    /// <summary>Keeps a failure for the thread that started the pass.</summary>
    /// <returns>False when no guarded pass is under way there.</returns>
    internal static bool Keep(int thread, Exception exception)
    {
        if (!Running.TryGetValue(thread, out var kept))
        {
            return false;
        }

        if (kept is null)
        {
            Running.TryUpdate(thread, ExceptionDispatchInfo.Capture(exception), null);
        }

        return true;
    }
}
