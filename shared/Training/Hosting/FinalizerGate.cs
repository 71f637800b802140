using System.Runtime.CompilerServices;

namespace BrainMVP.Federated.Training.Hosting;

/// <summary>
/// Keeps finalizers from running while native code computes. TorchSharp passes the handles of its scalars and tensors to
/// native code without keeping the objects alive for the duration of the call: a garbage collection on another thread
/// can then finalize an operand that is still being read, which ends the process or, worse, changes a number. While
/// the gate is held, the one finalizer thread waits inside a finalizer of ours. Hold it for one step at a time: what became
/// garbage meanwhile is finalized in between. After a full collection it waits no longer than moments, because a library
/// that ran out of memory waits for finalizers itself; operands are read when a call begins, so even that is long after.
/// </summary>
public static class FinalizerGate
{
    /// <summary>A step longer than this gives its protection up rather than hold memory back for ever.</summary>
    private static readonly TimeSpan LongestHold = TimeSpan.FromMinutes(30);

    /// <summary>The finalizer thread has at most what one step left to free before it comes to ours.</summary>
    private static readonly TimeSpan LongestEntry = TimeSpan.FromSeconds(2);

    /// <summary>How long finalizers wait at least after everything was collected during a step.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly Lock Door = new();
    private static Latch? _latch;
    private static int _holds;

    /// <summary>True while finalizers wait.</summary>
    public static bool IsHeld => Volatile.Read(ref _latch) is { Waiting.IsSet: true };

    /// <summary>Holds finalizers back until the result is disposed. Holds of several threads add up.</summary>
    public static Hold Enter()
    {
        lock (Door)
        {
            if (_holds++ == 0)
            {
                Close();
            }
        }

        return new Hold(isHeld: true);
    }

    /// <summary>Lets finalizers run once although the gate is held, for whoever needs the memory; no native call may be under way on this thread.</summary>
    internal static void Drain()
    {
        lock (Door)
        {
            Open();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            if (_holds > 0)
            {
                Close();
            }
        }
    }

    private static void Close()
    {
        var latch = new Latch();
        Drop(latch);
        GC.Collect(0, GCCollectionMode.Forced, blocking: true);

        // Late means unprotected, not wrong: the step goes on.
        _ = latch.Waiting.Wait(LongestEntry);
        Volatile.Write(ref _latch, latch);
    }

    private static void Open()
    {
        _latch?.Opened.Set();
        Volatile.Write(ref _latch, null);
    }

    /// <summary>Of its own, so that no register of the caller keeps the object alive.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Drop(Latch latch) => _ = new Sentinel(latch);

    private static void Leave()
    {
        lock (Door)
        {
            if (--_holds == 0)
            {
                Open();
            }
        }
    }

    /// <summary>One hold of the gate.</summary>
    public struct Hold(bool isHeld) : IDisposable
    {
        private bool _isHeld = isHeld;

        public void Dispose()
        {
            if (_isHeld)
            {
                _isHeld = false;
                Leave();
            }
        }
    }

    /// <summary>One closing of the gate. Of its own each time: a finalizer that wakes late must not find the next one closed.</summary>
    private sealed class Latch
    {
        public ManualResetEventSlim Opened { get; } = new();

        public ManualResetEventSlim Waiting { get; } = new();
    }

    /// <summary>Its finalizer is where the finalizer thread waits.</summary>
    private sealed class Sentinel(Latch latch)
    {
        ~Sentinel()
        {
            var (began, collections) = (TimeProvider.System.GetTimestamp(), GC.CollectionCount(2));
            latch.Waiting.Set();
            while (!latch.Opened.Wait(Patience) && TimeProvider.System.GetElapsedTime(began) < LongestHold)
            {
                // A library that ran out of memory collects everything and waits for the finalizers. What it freed is let go
                // of then; a call reads its operands when it begins, moments after it took their handles.
                if (GC.CollectionCount(2) != collections)
                {
                    _ = latch.Opened.Wait(Patience);
                    return;
                }
            }
        }
    }
}
