namespace BrainMVP.Federated.Contracts.Hosting;

/// <summary>
/// Ends a child with its parent: the parent holds the other end of the child's standard input, and the system closes it
/// when the parent dies, even by SIGKILL.
/// </summary>
public static class ParentWatch
{
    /// <summary>A token that is cancelled by the given one and, when asked for, at the end of standard input.</summary>
    public static CancellationTokenSource Link(bool stopWithStandardInput, CancellationToken cancellation)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (stopWithStandardInput)
        {
            var watch = new Thread(() => WaitForEnd(source)) { IsBackground = true, Name = "parent watch" };
            watch.Start();
        }

        return source;
    }

    private static void WaitForEnd(CancellationTokenSource source)
    {
        try
        {
            using var input = Console.OpenStandardInput();
            Span<byte> buffer = stackalloc byte[256];
            while (input.Read(buffer) > 0)
            {
                // Nothing is expected; only the end matters.
            }
        }
        catch (IOException)
        {
            // A broken pipe is an end too.
        }

        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The process is already ending.
        }
    }
}
