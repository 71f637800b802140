using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Autograd;

/// <summary>
/// Keeps only the input of a part of a network in the forward pass and runs the part again in the backward pass: less
/// memory, more time, the same gradients bit for bit.
/// </summary>
internal sealed class Recomputation : OwnFunction<Recomputation>
{
    [ThreadStatic]
    private static int _depth;

    /// <summary>True while a part runs again: what a first run already did to buffers must not be done twice.</summary>
    public static bool IsRepeating => _depth > 0;

    /// <summary>Runs a part now and, when gradients are wanted, again in the backward pass.</summary>
    /// <param name="part">Function of one tensor and of the parameters; no randomness.</param>
    /// <param name="input">Its input.</param>
    /// <param name="parameters">Its parameters: they make the output require gradients when the input does not.</param>
    public static Tensor Call(Func<Tensor, Tensor> part, Tensor input, IEnumerable<Tensor> parameters) =>
        is_grad_enabled() ? Apply([part, Ambient.Capture() ?? (object)false, input, .. parameters]) : part(input);

    private protected override Tensor Forward(SavedForBackward saved, object[] arguments)
    {
        var (part, input) = ((Func<Tensor, Tensor>)arguments[0], (Tensor)arguments[2]);
        saved.State = new Repeat(part, arguments[1] as Func<IDisposable>, input.requires_grad);
        saved.Keep(input);
        return part(input);
    }

    private protected override void Backward(SavedForBackward saved, Tensor gradient, Tensor?[] gradients)
    {
        var repeat = (Repeat)saved.State!;
        using var input = saved[0].detach().requires_grad_(repeat.InputMoves);
        using var output = Run(repeat, input);

        // Adds to the parameters' gradients itself. The library's function that returns gradients instead would end the
        // process when memory runs out inside of it.
        BackwardPass.Guarded(() => output.backward([gradient]));
        gradients[2] = repeat.InputMoves ? input.grad : null;
    }

    private static Tensor Run(Repeat repeat, Tensor input)
    {
        using var ambient = repeat.Reenter?.Invoke();
        using var gradients = enable_grad();
        _depth++;
        try
        {
            return repeat.Part(input);
        }
        finally
        {
            _depth--;
        }
    }

    private sealed record Repeat(Func<Tensor, Tensor> Part, Func<IDisposable>? Reenter, bool InputMoves);
}
