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
/// β₁ = 0.9, ε = 1e-8, β₂ = 0.999 for the network and the plan's value for templates. t counts the updates of that one
/// parameter: a parameter without gradient is left alone, decay included. Network and templates are updated by one
/// call of libtorch's fused kernel each where it has one, else operator by operator; the two agree to rounding.
/// Create it outside dispose scopes, after the parameters are on their device.
/// </summary>
public sealed class AdamW(double templateBeta2 = AdamW.Beta2) : IDisposable
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Epsilon = 1e-8;
    private readonly SortedDictionary<string, Slot> _slots = new(StringComparer.Ordinal);

    /// <summary>Tests compare with the way that needs no fused kernel.</summary>
    internal bool AllowFused { get; init; } = true;

    /// <summary>Adds a parameter with zero moments on its device.</summary>
    /// <param name="name">Unique name in the saved state.</param>
    /// <param name="parameter">Contiguous leaf tensor of 32-bit floats.</param>
    /// <param name="template">Uses the template learning rate.</param>
    /// <exception cref="ArgumentException">Another type or layout, or a name twice.</exception>
    public void Add(string name, Parameter parameter, bool template)
    {
        if (parameter.dtype != ScalarType.Float32 || !parameter.is_contiguous())
        {
            throw new ArgumentException($"{name} is not a contiguous tensor of 32-bit floats.", nameof(parameter));
        }

        var first = zeros_like(parameter).requires_grad_(false).DetachFromDisposeScope();
        var second = zeros_like(parameter).requires_grad_(false).DetachFromDisposeScope();
        _slots.Add(name, new Slot(parameter, template, first, second));
    }

    /// <summary>First moments, second moments and update counts by parameter name, on the parameters' device.</summary>
    public IEnumerable<(string Name, Tensor First, Tensor Second, long Steps)> State => _slots.Select(s => (s.Key, s.Value.First, s.Value.Second, s.Value.Steps));

    /// <summary>Sets the update count of a restored parameter.</summary>
    public void SetSteps(string name, long steps) => _slots[name].Steps = steps;

    /// <summary>Copies moments from tensors on any device and sets the update count.</summary>
    public void Restore(string name, Tensor first, Tensor second, long steps)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var slot = _slots[name];
        slot.First.copy_(first);
        slot.Second.copy_(second);
        slot.Steps = steps;
    }

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
        using var scope = NewDisposeScope();
        var pending = _slots.Values
            .Select(s => (Slot: s, Gradient: s.Parameter.grad))
            .Where(p => p.Gradient is not null)
            .Select(p => (p.Slot, Gradient: p.Gradient!))
            .GroupBy(p => (p.Slot.IsTemplate, p.Slot.First.device_type, p.Slot.First.device_index));
        foreach (var group in pending)
        {
            var (rate, beta2) = group.Key.IsTemplate ? (templateLearningRate, templateBeta2) : (learningRate, Beta2);
            (Slot Slot, Tensor Gradient)[] items = [.. group];
            if (AllowFused && FusedAdamW.WorksOn(items[0].Slot.First.device))
            {
                UpdateTogether(items, rate, beta2, weightDecay);
            }
            else
            {
                foreach (var (slot, gradient) in items)
                {
                    Update(slot, gradient, rate, beta2, weightDecay);
                }
            }
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

    private static void UpdateTogether((Slot Slot, Tensor Gradient)[] items, double rate, double beta2, double weightDecay)
    {
        // The kernel walks through memory: gradients need the parameters' type and layout. It reads the counts as
        // 32-bit floats, exact up to 16.7 million updates; the counts that are saved are integers.
        var counts = new Dictionary<long, Tensor>();
        var gradients = new Tensor[items.Length];
        var steps = new Tensor[items.Length];
        for (var i = 0; i < items.Length; i++)
        {
            var (slot, gradient) = items[i];
            gradients[i] = gradient.to(ScalarType.Float32).contiguous();
            if (!counts.TryGetValue(slot.Steps + 1, out var count))
            {
                counts.Add(slot.Steps + 1, count = full([], (float)(slot.Steps + 1), dtype: ScalarType.Float32, device: slot.First.device));
            }

            steps[i] = count;
        }

        FusedAdamW.Update(
            [.. items.Select(i => i.Slot.Parameter)],
            gradients,
            [.. items.Select(i => i.Slot.First)],
            [.. items.Select(i => i.Slot.Second)],
            steps,
            rate,
            Beta1,
            beta2,
            weightDecay,
            Epsilon);
        foreach (var (slot, _) in items)
        {
            slot.Steps++;
        }
    }

    private static void Update(Slot slot, Tensor gradient, double rate, double beta2, double weightDecay)
    {
        using var scope = NewDisposeScope();
        slot.Steps++;
        var (correction1, correction2) = (1 - Power(Beta1, slot.Steps), 1 - Power(beta2, slot.Steps));
        slot.Parameter.mul_(1 - (rate * weightDecay));
        slot.First.mul_(Beta1).add_(gradient, alpha: 1 - Beta1);
        slot.Second.mul_(beta2).addcmul_(gradient, gradient, value: 1 - beta2);
        var scale = slot.Second.sqrt().div_(Math.Sqrt(correction2)).add_(Epsilon);
        slot.Parameter.addcdiv_(slot.First, scale, value: -rate / correction1);
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
