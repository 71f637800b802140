using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Kernels;

/// <summary>Native memory of tensors for the kernels of this folder, and how they share work among threads.</summary>
internal static unsafe class TensorMemory
{
    /// <summary>
    /// Pieces that sums over many rows are made of, whatever the number of threads, so that a sum has the same bits with
    /// any number of them.
    /// </summary>
    public const int Pieces = 16;

    /// <summary>First element of a contiguous 32-bit float tensor in CPU memory. The tensor must outlive the use.</summary>
    public static float* Pointer(Tensor tensor)
    {
        // A view of one element: the span of a whole tensor ends at 2 GB.
        using var first = tensor.as_strided([1], [1], tensor.storage_offset());
        return (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(first.bytes));
    }

    /// <summary>Calls the body for 0..count-1, on as many threads as libtorch may use.</summary>
    public static void For(int count, Action<int> body)
    {
        var threads = get_num_threads();
        if (threads == 1 || count == 1)
        {
            for (var i = 0; i < count; i++)
            {
                body(i);
            }
        }
        else
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, body);
        }
    }

    /// <summary>First and last row (exclusive) of one of <see cref="Pieces"/> parts of rows.</summary>
    public static (long First, long Last) Piece(long rows, int piece) => (rows * piece / Pieces, rows * (piece + 1) / Pieces);
}
