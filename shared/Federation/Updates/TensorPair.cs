using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.Federation.Updates;

/// <summary>Reads the same block of a tensor before and after local training.</summary>
internal sealed class TensorPair : IDisposable
{
    /// <summary>Elements that are read at once.</summary>
    public const int BlockElements = 1 << 15;

    private readonly float[] _localBlock = new float[BlockElements];
    private readonly float[] _globalBlock = new float[BlockElements];
    private readonly SafetensorsReader _global;
    private readonly SafetensorsReader _local;
    private readonly SafetensorsReader? _control;
    private readonly Dictionary<string, SafetensorsReader> _templates = new(StringComparer.Ordinal);
    private readonly HashSet<string> _checked = new(StringComparer.Ordinal);

    public TensorPair(UpdateFiles files)
    {
        _global = new SafetensorsReader(files.GlobalModel);
        _local = new SafetensorsReader(files.LocalModel);
        _control = files.OwnControl is null ? null : new SafetensorsReader(files.OwnControl);
        foreach (var (modality, path) in files.GlobalTemplates)
        {
            _templates.Add(TensorGroups.Template(modality), new SafetensorsReader(path));
        }
    }

    /// <summary>At most <see cref="BlockElements"/> elements; good until the next call.</summary>
    public TensorBlock Read(LayoutTensor tensor, long start, int count)
    {
        var before = TensorGroups.IsInModel(tensor.Group) ? _global : tensor.Group == TensorGroups.Control ? _control : _templates.GetValueOrDefault(tensor.Name);
        if (_checked.Add(tensor.Name))
        {
            _local.Require(tensor);
            before?.Require(tensor);
        }

        var global = _globalBlock.AsSpan(0, count);
        if (before is null)
        {
            global.Clear();
        }

        return new TensorBlock(_local.Floats(tensor.Name, start, _localBlock.AsSpan(0, count)), before is null ? global : before.Floats(tensor.Name, start, global));
    }

    public void Dispose()
    {
        _global.Dispose();
        _local.Dispose();
        _control?.Dispose();
        foreach (var template in _templates.Values)
        {
            template.Dispose();
        }
    }
}

/// <summary>The same elements of a tensor after and before local training.</summary>
internal readonly ref struct TensorBlock(ReadOnlySpan<float> local, ReadOnlySpan<float> global)
{
    public readonly ReadOnlySpan<float> Local = local;

    public readonly ReadOnlySpan<float> Global = global;
}
