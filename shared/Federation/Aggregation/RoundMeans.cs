using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Federation.FixedPoint;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Strategies;
using BrainMVP.Federated.Federation.Summation;

namespace BrainMVP.Federated.Federation.Aggregation;

/// <summary>
/// The averaged change of every tensor: <c>mean = sum · 2⁻ᵏ ÷ (weight in the sum / W)</c>, IEEE double, in that order.
/// </summary>
internal sealed class RoundMeans
{
    private readonly LayoutDocument _layout;
    private readonly Dictionary<string, (long Offset, int Scale)> _sums = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GroupRoster> _groups;
    private readonly IReadOnlyDictionary<string, GroupSum> _arrived;
    private int[] _block = [];

    public RoundMeans(LayoutDocument layout, RosterDocument roster, IReadOnlyDictionary<string, GroupSum> arrived)
    {
        _layout = layout;
        _arrived = arrived;
        _groups = roster.Groups.ToDictionary(g => g.Group, StringComparer.Ordinal);
        long offset = 0;
        foreach (var (tensor, scale) in layout.Tensors.Zip(roster.Scales))
        {
            if (scale.Scale is { } k)
            {
                _sums.Add(tensor.Name, (offset, k));
                offset += tensor.CountOf() * sizeof(int);
            }
        }
    }

    /// <summary>Whether anything of the group arrived.</summary>
    public bool Moves(string group) => _arrived.GetValueOrDefault(group).Weight > 0;

    /// <summary>Whether the tensor is in the sums: it changed somewhere, and its group moves.</summary>
    public bool HasSum(LayoutTensor tensor) => _sums.ContainsKey(tensor.Name) && Moves(tensor.Group);

    /// <summary>Fills a block with the averaged change; zeros when the tensor changed nowhere.</summary>
    public void Read(LayoutTensor tensor, long start, ISumSource sums, Span<double> means)
    {
        if (!HasSum(tensor))
        {
            means.Clear();
            return;
        }

        if (_block.Length < means.Length)
        {
            _block = new int[means.Length];
        }

        var (offset, scale) = _sums[tensor.Name];
        var block = _block.AsSpan(0, means.Length);
        sums.Read(offset + (start * sizeof(int)), MemoryMarshal.AsBytes(block));
        var unit = PowerOfTwo.Exact(-scale);
        var share = (double)_arrived[tensor.Group].Weight / _groups[tensor.Group].TotalWeight;
        for (var i = 0; i < block.Length; i++)
        {
            means[i] = block[i] * unit / share;
        }
    }

    /// <summary>Largest possible error of a group's mean from rounding: half a unit for each addend, at the coarsest scale.</summary>
    public double QuantisationBound(string group)
    {
        if (!Moves(group))
        {
            return 0;
        }

        var sum = _arrived[group];
        double largest = 0;
        foreach (var tensor in _layout.Tensors.Where(t => t.Group == group && _sums.ContainsKey(t.Name)))
        {
            largest = Math.Max(largest, 0.5 * sum.Addends * PowerOfTwo.Exact(-_sums[tensor.Name].Scale));
        }

        return largest / ((double)sum.Weight / _groups[group].TotalWeight);
    }
}
