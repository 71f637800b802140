namespace BrainMVP.Federated.Training.Hosting;

/// <summary>Tells a step that was too large for its device from every other failure.</summary>
public static class OutOfMemory
{
    private static readonly string[] Signs =
    [
        "out of memory", // CUDA and its libraries
        "can't allocate memory", // the CPU allocator on Linux and macOS
        "not enough memory", // the CPU allocator on Windows
        "CUBLAS_STATUS_ALLOC_FAILED",
        "CUDNN_STATUS_ALLOC_FAILED",
        "std::bad_alloc",
    ];

    /// <summary>True when an exception, or one inside it, says that memory ran out.</summary>
    public static bool Is(Exception exception) =>
        exception is OutOfMemoryException
        || Signs.Any(s => exception.Message.Contains(s, StringComparison.OrdinalIgnoreCase))
        || (exception is AggregateException many ? many.InnerExceptions.Any(Is) : exception.InnerException is { } inner && Is(inner));
}
