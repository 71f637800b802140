using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.Federation.Updates;

/// <summary>Reads the same block of a tensor before and after local training.</summary>
internal sealed class TensorPair : IDisposable
{
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

    public void Read(LayoutTensor tensor, long start, Span<float> local, Span<float> global)
    {
        var before = TensorGroups.IsInModel(tensor.Group) ? _global : tensor.Group == TensorGroups.Control ? _control : _templates.GetValueOrDefault(tensor.Name);
        if (_checked.Add(tensor.Name))
        {
            _local.Require(tensor);
            before?.Require(tensor);
        }

        _local.ReadFloats(tensor.Name, start, local);
        if (before is null)
        {
            global.Clear();
        }
        else
        {
            before.ReadFloats(tensor.Name, start, global);
        }
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
