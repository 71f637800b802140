using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Autograd;

/// <summary>What one call of an <see cref="OwnFunction{T}"/> keeps from its forward to its backward pass.</summary>
internal sealed class SavedForBackward
{
    /// <summary>Everything that this thread's forward passes keep; what nobody can use any more falls out by itself.</summary>
    [ThreadStatic]
    private static ConditionalWeakTable<SavedForBackward, object>? _kept;

    private readonly ConditionalWeakTable<SavedForBackward, object> _owner;
    private Tensor?[] _tensors = [];
    private bool _used;

    /// <param name="thread">Thread of the forward pass.</param>
    /// <param name="arguments">Number of arguments of the call.</param>
    public SavedForBackward(int thread, int arguments)
    {
        (Thread, Arguments) = (thread, arguments);
        _owner = _kept ??= [];
        _owner.Add(this, _owner);
    }

    /// <summary>Thread of the forward pass, which also starts the backward pass.</summary>
    public int Thread { get; }

    /// <summary>Number of arguments of the call.</summary>
    public int Arguments { get; }

    /// <summary>Anything else; disposed after use when it can be.</summary>
    public object? State { get; set; }

    /// <summary>A kept tensor, without gradient history.</summary>
    public Tensor this[int index] => _tensors[index] ?? throw new InvalidOperationException($"Tensor {index} was not kept.");

    /// <summary>Whether a tensor was kept at this place.</summary>
    public bool Has(int index) => _tensors[index] is not null;

    /// <summary>Keeps the storage of tensors; called at most once.</summary>
    public void Keep(params ReadOnlySpan<Tensor?> tensors)
    {
        _tensors = new Tensor?[tensors.Length];
        for (var i = 0; i < tensors.Length; i++)
        {
            _tensors[i] = tensors[i]?.detach().DetachFromDisposeScope();
        }
    }

    /// <summary>Marks the only backward pass.</summary>
    public void Use() => _used = !_used ? true : throw new InvalidOperationException("The graph of this network allows one backward pass only.");

    /// <summary>Lets go of what all forward passes of this thread keep: their backward passes will not come.</summary>
    /// <returns>Number of calls that still kept something.</returns>
    public static int ReleaseAll()
    {
        var kept = _kept?.Select(entry => entry.Key).ToArray() ?? [];
        foreach (var saved in kept)
        {
            saved.Release();
        }

        return kept.Length;
    }

    /// <summary>Lets go of everything.</summary>
    public void Release()
    {
        _owner.Remove(this);
        foreach (var tensor in _tensors)
        {
            tensor?.Dispose();
        }

        _tensors = [];
        (State as IDisposable)?.Dispose();
        State = null;
    }
}
