using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.FixedPoint;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Summation;

namespace BrainMVP.Federated.Federation.Aggregation;

/// <summary>
/// Step 6's second half: <c>mean = sum · 2⁻ᵏ ÷ (Σ arrived wᵢ / W)</c> for every tensor, then the server optimiser
/// (FedAvg: global + rate · mean). BatchNorm statistics take the mean itself, variances clamped at 0. Arithmetic is
/// IEEE double with + − × ÷ in a fixed order, one rounding to float at the end.
/// </summary>
public sealed class GlobalUpdate
{
    private const int BlockElements = 1 << 15;

    private readonly LayoutDocument _layout;
    private readonly RosterDocument _roster;
    private readonly IReadOnlyDictionary<string, long> _arrivedWeight;
    private readonly double _serverRate;
    private readonly Dictionary<string, GroupRoster> _groups;
    private readonly Dictionary<string, long> _sumOffsets = new(StringComparer.Ordinal);

    /// <param name="layout">The run's layout.</param>
    /// <param name="roster">The round's roster.</param>
    /// <param name="arrivedWeight">Weight that arrived for each group; absent or 0 means that the group does not move.</param>
    /// <param name="serverRate">The plan's server learning rate.</param>
    public GlobalUpdate(LayoutDocument layout, RosterDocument roster, IReadOnlyDictionary<string, long> arrivedWeight, double serverRate)
    {
        _layout = layout;
        _roster = roster;
        _arrivedWeight = arrivedWeight;
        _serverRate = serverRate;
        _groups = roster.Groups.ToDictionary(g => g.Group, StringComparer.Ordinal);
        long offset = 0;
        foreach (var (tensor, scale) in layout.Tensors.Zip(roster.Scales))
        {
            if (scale.Scale is not null)
            {
                _sumOffsets.Add(tensor.Name, offset);
                offset += tensor.CountOf() * sizeof(int);
            }
        }
    }

    /// <summary>Modalities whose template moves, ordinal order.</summary>
    public IReadOnlyList<string> MovingTemplates => [.. _layout.Tensors
        .Where(Moves)
        .Select(t => TensorGroups.ModalityOf(t.Group))
        .OfType<string>()];

    /// <summary>The new network, to be written as the next global model.</summary>
    public IEnumerable<TensorSource> Network(SafetensorsReader global, ISumSource sums) => _layout.Tensors
        .Where(t => TensorGroups.ModalityOf(t.Group) is null)
        .Select(t => new TensorSource(t.Name, "F32", t.Shape, output => Write(t, global, sums, output)));

    /// <summary>One new template.</summary>
    /// <param name="modality">One of <see cref="MovingTemplates"/>.</param>
    /// <param name="global">The template before, null when it was zero.</param>
    /// <param name="sums">The round's sums.</param>
    public TensorSource Template(string modality, SafetensorsReader? global, ISumSource sums)
    {
        var name = TensorGroups.Template(modality);
        var tensor = _layout.Tensors.First(t => t.Name == name);
        return new TensorSource(name, "F32", tensor.Shape, output => Write(tensor, global, sums, output));
    }

    /// <summary>
    /// Largest possible error of a group's mean from rounding: half a unit for each participant, divided by the arrived
    /// share, at the coarsest scale of the group's tensors.
    /// </summary>
    public double QuantisationBound(string group)
    {
        var roster = _groups[group];
        var arrived = _arrivedWeight.GetValueOrDefault(group);
        if (arrived == 0)
        {
            return 0;
        }

        double largest = 0;
        foreach (var (tensor, scale) in _layout.Tensors.Zip(_roster.Scales))
        {
            if (tensor.Group == group && scale.Scale is { } k)
            {
                largest = Math.Max(largest, 0.5 * roster.Participants.Count * PowerOfTwo.Exact(-k));
            }
        }

        return largest / ((double)arrived / roster.TotalWeight);
    }

    private bool Moves(LayoutTensor tensor) => _sumOffsets.ContainsKey(tensor.Name) && _arrivedWeight.GetValueOrDefault(tensor.Group) > 0;

    private void Write(LayoutTensor tensor, SafetensorsReader? global, ISumSource sums, Stream output)
    {
        global?.Require(tensor);
        var values = new float[BlockElements];
        var block = new int[BlockElements];
        var moves = Moves(tensor);
        var group = _groups[tensor.Group];
        var scale = _roster.Scales.First(s => s.Name == tensor.Name).Scale;
        var unit = moves ? PowerOfTwo.Exact(-scale!.Value) : 0;
        var share = moves ? (double)_arrivedWeight[tensor.Group] / group.TotalWeight : 1;
        var rate = tensor.Group == TensorGroups.BatchNorm ? 1 : _serverRate;
        var isVariance = tensor.Group == TensorGroups.BatchNorm && tensor.Name.EndsWith(".running_var", StringComparison.Ordinal);
        for (long start = 0, count = tensor.CountOf(); start < count; start += BlockElements)
        {
            var n = (int)Math.Min(BlockElements, count - start);
            var target = values.AsSpan(0, n);
            if (global is null)
            {
                target.Clear();
            }
            else
            {
                global.ReadFloats(tensor.Name, start, target);
            }

            if (moves)
            {
                var q = block.AsSpan(0, n);
                sums.Read(_sumOffsets[tensor.Name] + (start * sizeof(int)), MemoryMarshal.AsBytes(q));
                for (var i = 0; i < n; i++)
                {
                    var mean = q[i] * unit / share;
                    var next = target[i] + (rate * mean);
                    target[i] = (float)(isVariance && next < 0 ? 0 : next);
                }
            }

            output.Write(MemoryMarshal.AsBytes(target));
        }
    }
}
