using BrainMVP.Federated.Contracts.Errors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Optimization;

/// <summary>
/// Dynamic loss scaling for fp16 (Micikevicius et al. 2018): the loss is multiplied by a power of two, so that small
/// gradients stay above fp16's smallest number, and gradients are divided by it. A step with a gradient that is not
/// finite is skipped and halves the factor; 2000 good steps in a row double it. Powers of two keep both exact.
/// </summary>
public sealed class LossScaler
{
    /// <summary>Factor of the first step.</summary>
    public const double InitialScale = 65536;

    /// <summary>Good steps in a row after which the factor doubles.</summary>
    public const int GrowthInterval = 2000;

    /// <summary>Present factor. With <see cref="GoodSteps"/> it is the whole state of a checkpoint.</summary>
    public double Scale { get; private set; } = InitialScale;

    /// <summary>Good steps since the factor last changed.</summary>
    public int GoodSteps { get; private set; }

    /// <summary>Continues from a checkpoint.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Values that no training can have reached.</exception>
    public void Restore(double scale, int goodSteps)
    {
        if (!(scale >= 1) || !double.IsFinite(scale))
        {
            throw new ArgumentOutOfRangeException(nameof(scale), scale, "The factor is at least 1.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(goodSteps);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(goodSteps, GrowthInterval);
        (Scale, GoodSteps) = (scale, goodSteps);
    }

    /// <summary>The loss to differentiate; every micro-batch of a step has the same factor.</summary>
    public Tensor Apply(Tensor loss) => loss * Scale;

    /// <summary>
    /// Divides all gradients by the factor, once an optimiser step, before anything is added to them or they are
    /// clipped, and adapts the factor for the next step.
    /// </summary>
    /// <param name="parameters">Everything that the scaled loss was differentiated by, templates included.</param>
    /// <returns>False when a gradient is not finite: skip the step and clear the gradients.</returns>
    /// <exception cref="FederationException">BMF-1502 when gradients are not finite even with factor 1.</exception>
    public bool Unscale(IEnumerable<Parameter> parameters)
    {
        var finite = Divide(parameters);
        if (!finite)
        {
            if (Scale <= 1)
            {
                throw ErrorCatalogue.TrainingDiverged.With("Gradients are not finite, however small the loss is scaled.");
            }

            (Scale, GoodSteps) = (Scale / 2, 0);
        }
        else if (++GoodSteps == GrowthInterval)
        {
            (Scale, GoodSteps) = (Scale * 2, 0);
        }

        return finite;
    }

    private bool Divide(IEnumerable<Parameter> parameters)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        Tensor[] gradients = [.. Gradients.Of(parameters)];
        if (gradients.Length == 0)
        {
            return true;
        }

        var home = gradients[0].device;
        foreach (var gradient in gradients)
        {
            gradient.mul_(1 / Scale);
        }

        // The largest magnitude is NaN when any element is; fetched once for all tensors.
        return float.IsFinite(stack(gradients.Select(g => g.abs().max().to(ScalarType.Float32).to(home))).max().cpu().item<float>());
    }
}
