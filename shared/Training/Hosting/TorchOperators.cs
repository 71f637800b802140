using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Hosting;

/// <summary>
/// Calls operators of libtorch by name through its stable C interface, for those that TorchSharp has no method for.
/// Arguments are 64-bit words on a stack. A call consumes its tensor and list words, also when it fails: make new ones
/// for each call. A missing optional argument is 0.
/// </summary>
internal static unsafe class TorchOperators
{
    private static readonly delegate* unmanaged<byte*, byte*, ulong*, int> Dispatch = (delegate* unmanaged<byte*, byte*, ulong*, int>)NativeTorch.Export("aoti_torch_call_dispatcher");
    private static readonly delegate* unmanaged<nint, nint*, int> NewHandle = (delegate* unmanaged<nint, nint*, int>)NativeTorch.Export("aoti_torch_new_tensor_handle");
    private static readonly delegate* unmanaged<nuint, nint*, int> NewList = (delegate* unmanaged<nuint, nint*, int>)NativeTorch.Export("torch_new_list_reserve_size");
    private static readonly delegate* unmanaged<nint, ulong, int> PushBack = (delegate* unmanaged<nint, ulong, int>)NativeTorch.Export("torch_list_push_back");

    /// <summary>True when this libtorch has the interface.</summary>
    public static bool Available => Dispatch != null && NewHandle != null && NewList != null && PushBack != null;

    /// <summary>A tensor as an argument.</summary>
    public static ulong Argument(Tensor tensor)
    {
        nint handle;
        Require(NewHandle(tensor.Handle, &handle));
        return (ulong)handle;
    }

    /// <summary>A list of tensors as an argument.</summary>
    public static ulong Argument(IReadOnlyCollection<Tensor> tensors)
    {
        nint list;
        Require(NewList((nuint)tensors.Count, &list));
        foreach (var tensor in tensors)
        {
            Require(PushBack(list, Argument(tensor)));
        }

        return (ulong)list;
    }

    /// <summary>A floating-point number as an argument.</summary>
    public static ulong Argument(double value) => BitConverter.DoubleToUInt64Bits(value);

    /// <summary>Calls an operator that returns nothing, for example <c>aten::_fused_adamw_</c>.</summary>
    /// <param name="name">Name with its namespace.</param>
    /// <param name="overload">Overload, empty for the plain one.</param>
    /// <param name="arguments">All arguments in order.</param>
    /// <exception cref="InvalidOperationException">The operator failed or does not exist; libtorch writes why to the error stream.</exception>
    public static void Call(string name, string overload, params ReadOnlySpan<ulong> arguments)
    {
        var (nameBytes, overloadBytes) = (Marshal.StringToCoTaskMemUTF8(name), Marshal.StringToCoTaskMemUTF8(overload));
        try
        {
            // The results take the place of the arguments, so the stack is a copy.
            Span<ulong> stack = stackalloc ulong[Math.Max(arguments.Length, 1)];
            arguments.CopyTo(stack);
            fixed (ulong* words = stack)
            {
                if (Dispatch((byte*)nameBytes, (byte*)overloadBytes, words) != 0)
                {
                    throw new InvalidOperationException($"The libtorch operator {name} failed.");
                }
            }
        }
        finally
        {
            Marshal.FreeCoTaskMem(nameBytes);
            Marshal.FreeCoTaskMem(overloadBytes);
        }
    }

    private static void Require(int code)
    {
        if (code != 0)
        {
            throw new InvalidOperationException("libtorch could not hold an operator's arguments.");
        }
    }
}
