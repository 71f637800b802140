using System.Runtime.ExceptionServices;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Autograd;

/// <summary>
/// Base of functions with a backward pass of our own. The library keeps what such a function saves until the whole graph
/// is gone, and keeps every gradient it returns until the caller's dispose scope ends; here both go as soon as they have
/// been used. One backward pass for each forward pass. A failure in the backward pass would end the process on its way
/// through native code, so it is kept and thrown by <see cref="BackwardPass"/>.
/// </summary>
/// <typeparam name="T">The function itself.</typeparam>
internal abstract class OwnFunction<T> : autograd.SingleTensorFunction<T>
    where T : OwnFunction<T>, new()
{
    private const string Key = "saved";

    public override string Name => typeof(T).Name;

    [ThreadStatic]
    private static ExceptionDispatchInfo? _failure;

    /// <summary>Calls the function; what fails in its forward pass is thrown here.</summary>
    /// <param name="arguments">Tensors, and whatever else <see cref="Forward"/> needs.</param>
    protected static Tensor Apply(params object[] arguments)
    {
        var output = apply(arguments);
        if (_failure is not { } failure)
        {
            return output;
        }

        _failure = null;
        output.Dispose();
        failure.Throw();
        return output;
    }

    public sealed override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ReturnedGradients.Release();

        // Missing gradients arrive as invalid tensors: the library would make zeros after a tensor that may be gone.
        ctx.set_materialize_grads(false);
        var saved = new SavedForBackward(Environment.CurrentManagedThreadId, vars.Length);
        ctx.save_data(Key, saved);
        try
        {
            using var scope = NewDisposeScope();
            return Forward(saved, vars).MoveToOuterDisposeScope();
        }
        catch (Exception e)
        {
            // The library would keep the half-made node, and all that lies before it, for ever.
            saved.Release();
            _failure = ExceptionDispatchInfo.Capture(e);
            return empty(0);
        }
    }

    public sealed override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        ReturnedGradients.Release();
        var saved = (SavedForBackward)ctx.get_data(Key);
        var gradients = new Tensor?[saved.Arguments];
        if (grad_output is null || grad_output.IsInvalid)
        {
            // A function behind this one failed; its failure is kept.
            saved.Release();
            return new List<Tensor>(gradients!);
        }

        try
        {
            using var scope = NewDisposeScope();
            using var noGradient = no_grad();
            saved.Use();
            Backward(saved, grad_output.contiguous(), gradients);
            foreach (var gradient in gradients)
            {
                gradient?.DetachFromDisposeScope();
            }
        }
        catch (Exception e) when (BackwardPass.Keep(saved.Thread, e))
        {
            Array.Clear(gradients);
        }
        finally
        {
            saved.Release();
            grad_output.Dispose();
        }

        ReturnedGradients.Hold(gradients.OfType<Tensor>());
        return new List<Tensor>(gradients!);
    }

    /// <summary>Computes the output; runs without gradients.</summary>
    /// <param name="saved">Takes what the backward pass needs.</param>
    /// <param name="arguments">As given to <see cref="Apply"/>.</param>
    private protected abstract Tensor Forward(SavedForBackward saved, object[] arguments);

    /// <summary>Computes gradients of the arguments.</summary>
    /// <param name="saved">What the forward pass saved.</param>
    /// <param name="gradient">Gradient of the output, contiguous.</param>
    /// <param name="gradients">One place for each argument; null for those that are no tensors. Each entry has its own storage.</param>
    private protected abstract void Backward(SavedForBackward saved, Tensor gradient, Tensor?[] gradients);
}
