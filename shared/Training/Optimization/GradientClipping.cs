using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Optimization;

/// <summary>Limits the length of a step's gradient.</summary>
public static class GradientClipping
{
    /// <summary>
    /// Scales all gradients by min(1, maximumNorm / (norm + 1e-6)), where norm is the L2 norm of all of them as one
    /// vector. Gradients with a norm that is not finite are left as they are: the caller ends or skips the step.
    /// </summary>
    /// <param name="parameters">The network's parameters, without templates; one without gradient counts nothing.</param>
    /// <param name="maximumNorm">&gt; 0; 0 only measures.</param>
    /// <returns>The norm before clipping; 0 when nothing has a gradient.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A negative maximum or NaN.</exception>
    public static double Clip(IEnumerable<Parameter> parameters, double maximumNorm)
    {
        if (!(maximumNorm >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(maximumNorm), maximumNorm, "The largest norm is not negative.");
        }

        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        Tensor[] gradients = [.. Gradients.Of(parameters)];
        if (gradients.Length == 0)
        {
            return 0;
        }

        // One norm a tensor, then one of the norms: a single value is fetched from the device.
        var home = gradients[0].device;
        var norm = (double)stack(gradients.Select(g => g.norm().to(home))).norm().cpu().item<float>();
        var factor = maximumNorm / (norm + 1e-6);
        if (maximumNorm > 0 && factor < 1 && double.IsFinite(norm))
        {
            foreach (var gradient in gradients)
            {
                gradient.mul_(factor);
            }
        }

        return norm;
    }
}
