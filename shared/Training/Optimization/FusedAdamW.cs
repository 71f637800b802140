using System.Collections.Concurrent;
using BrainMVP.Federated.Training.Hosting;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Optimization;

/// <summary>
/// libtorch's kernel that updates many parameters in one pass over their memory (<c>aten::_fused_adamw_</c>). TorchSharp
/// has no method for it, so it may be missing with another libtorch: ask <see cref="WorksOn"/> first.
/// </summary>
internal static class FusedAdamW
{
    private const string Operator = "aten::_fused_adamw_";
    private static readonly ConcurrentDictionary<DeviceType, bool> Works = new();

    /// <summary>True when the kernel exists for this kind of device and one update by it equals the formula.</summary>
    public static bool WorksOn(Device device) => Works.GetOrAdd(device.type, static (_, device) => Try(device), device);

    /// <summary>One update in place. All tensors are contiguous, of 32-bit floats and on one device; lists have equal lengths.</summary>
    /// <param name="parameters">Updated.</param>
    /// <param name="gradients">Read.</param>
    /// <param name="first">First moments, updated.</param>
    /// <param name="second">Second moments, updated.</param>
    /// <param name="steps">Scalars: each parameter's number of updates, this one counted.</param>
    public static void Update(
        IReadOnlyCollection<Tensor> parameters,
        IReadOnlyCollection<Tensor> gradients,
        IReadOnlyCollection<Tensor> first,
        IReadOnlyCollection<Tensor> second,
        IReadOnlyCollection<Tensor> steps,
        double rate,
        double beta1,
        double beta2,
        double weightDecay,
        double epsilon)
    {
        const ulong No = 0;
        TorchOperators.Call(
            Operator,
            "",
            TorchOperators.Argument(parameters),
            TorchOperators.Argument(gradients),
            TorchOperators.Argument(first),
            TorchOperators.Argument(second),
            TorchOperators.Argument([]), // largest second moments: AMSGrad only
            TorchOperators.Argument(steps),
            TorchOperators.Argument(rate),
            TorchOperators.Argument(beta1),
            TorchOperators.Argument(beta2),
            TorchOperators.Argument(weightDecay),
            TorchOperators.Argument(epsilon),
            No, // amsgrad
            No, // maximize
            No, // grad_scale: none
            No); // found_inf: none
    }

    /// <summary>An operator's arguments may differ in another version, so one update is compared with p (1 − ηλ) − η sign(g).</summary>
    private static bool Try(Device device)
    {
        if (!TorchOperators.Available)
        {
            return false;
        }

        try
        {
            using var noGradient = no_grad();
            using var scope = NewDisposeScope();
            Tensor Three(float value) => full([3], value, dtype: ScalarType.Float32, device: device);
            var parameter = Three(2);
            Update([parameter], [Three(-0.25f)], [Three(0)], [Three(0)], [full([], 1f, dtype: ScalarType.Float32, device: device)], 0.125, 0.9, 0.99, 0.5, 1e-8);
            return Math.Abs(parameter.mean().cpu().item<float>() - (2 * (1 - (0.125 * 0.5)) + 0.125)) < 1e-5;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
