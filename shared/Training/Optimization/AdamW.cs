using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Optimization;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) with its state by parameter name, so that a resumed run continues bit for bit:
/// <code>
/// p ← p (1 − η λ)
/// m ← β₁ m + (1 − β₁) g          v ← β₂ v + (1 − β₂) g²
/// p ← p − η/(1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
/// </code>
/// β₁ = 0.9, ε = 1e-8, β₂ = 0.999 for the network and the plan's value for templates. t counts the updates of that one parameter: a parameter without gradient is left
/// alone, decay included. Create it outside dispose scopes.
/// </summary>
public sealed class AdamW(double templateBeta2 = AdamW.Beta2) : IDisposable
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Epsilon = 1e-8;
    private readonly SortedDictionary<string, Slot> _slots = new(StringComparer.Ordinal);

    /// <summary>Adds a parameter with zero moments.</summary>
    /// <param name="name">Unique name in the saved state.</param>
    /// <param name="parameter">Leaf tensor of 32-bit floats.</param>
    /// <param name="template">Uses the template learning rate.</param>
    public void Add(string name, Parameter parameter, bool template)
    {
        var first = zeros_like(parameter).requires_grad_(false).DetachFromDisposeScope();
        var second = zeros_like(parameter).requires_grad_(false).DetachFromDisposeScope();
        _slots.Add(name, new Slot(parameter, template, first, second));
    }

    /// <summary>First moments, second moments and update counts by parameter name.</summary>
    public IEnumerable<(string Name, Tensor First, Tensor Second, long Steps)> State => _slots.Select(s => (s.Key, s.Value.First, s.Value.Second, s.Value.Steps));

    /// <summary>Sets the update count of a restored parameter.</summary>
    public void SetSteps(string name, long steps) => _slots[name].Steps = steps;

    /// <summary>Forgets all gradients.</summary>
    public void ClearGradients()
    {
        foreach (var slot in _slots.Values)
        {
            slot.Parameter.grad = null;
        }
    }

    /// <summary>One update of every parameter that has a gradient.</summary>
    public void Step(double learningRate, double templateLearningRate, double weightDecay)
    {
        using var noGradient = no_grad();
        foreach (var slot in _slots.Values)
        {
            using var scope = NewDisposeScope();
            if (slot.Parameter.grad is not { } gradient)
            {
                continue;
            }

            var rate = slot.IsTemplate ? templateLearningRate : learningRate;
            slot.Steps++;
            var beta2 = slot.IsTemplate ? templateBeta2 : Beta2;
            var (correction1, correction2) = (1 - Power(Beta1, slot.Steps), 1 - Power(beta2, slot.Steps));
            slot.Parameter.mul_(1 - (rate * weightDecay));
            slot.First.mul_(Beta1).add_(gradient, alpha: 1 - Beta1);
            slot.Second.mul_(beta2).addcmul_(gradient, gradient, value: 1 - beta2);
            var scale = slot.Second.sqrt().div_(Math.Sqrt(correction2)).add_(Epsilon);
            slot.Parameter.addcdiv_(slot.First, scale, value: -rate / correction1);
        }
    }

    public void Dispose()
    {
        foreach (var slot in _slots.Values)
        {
            slot.First.Dispose();
            slot.Second.Dispose();
        }
    }

    // Repeated multiplication by squaring: the same bits on every platform, which Math.Pow does not promise.
    private static double Power(double value, long exponent)
    {
        var result = 1.0;
        for (; exponent > 0; exponent >>= 1, value *= value)
        {
            if ((exponent & 1) != 0)
            {
                result *= value;
            }
        }

        return result;
    }

    private sealed class Slot(Parameter parameter, bool isTemplate, Tensor first, Tensor second)
    {
        public Parameter Parameter { get; } = parameter;

        public bool IsTemplate { get; } = isTemplate;

        public Tensor First { get; } = first;

        public Tensor Second { get; } = second;

        public long Steps { get; set; }
    }
}
