using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Strategies;
using BrainMVP.Federated.Federation.Summation;

namespace BrainMVP.Federated.Federation.Aggregation;

/// <summary>
/// Step 6's second half: the averaged change of every tensor, then the server optimiser. BatchNorm statistics take the
/// mean itself, variances clamped at 0. Arithmetic is IEEE double with + − × ÷ √ in a fixed order, one rounding to float
/// at the end. Moments are rounded to float when they are stored, and the step is taken from what was stored.
/// </summary>
public sealed class GlobalUpdate
{
    private const int BlockElements = 1 << 15;

    private readonly LayoutDocument _layout;
    private readonly RoundMeans _means;
    private readonly ServerOptimizer _optimizer;

    /// <param name="layout">The run's layout.</param>
    /// <param name="roster">The round's roster.</param>
    /// <param name="arrived">What the sum of each group consists of; absent or of weight 0 means that the group does not move.</param>
    /// <param name="plan">The plan's aggregation.</param>
    public GlobalUpdate(LayoutDocument layout, RosterDocument roster, IReadOnlyDictionary<string, GroupSum> arrived, AggregationPlan plan)
    {
        _layout = layout;
        _means = new RoundMeans(layout, roster, arrived);
        _optimizer = new ServerOptimizer(plan);
    }

    /// <summary>Whether the round leaves a server state behind.</summary>
    public bool HasMoments => _optimizer.HasMoments;

    /// <summary>Modalities whose template moves, ordinal order.</summary>
    public IReadOnlyList<string> MovingTemplates => [.. _layout.Tensors
        .Where(Changes)
        .Select(t => TensorGroups.ModalityOf(t.Group))
        .OfType<string>()];

    /// <summary>The server optimiser's moments after this round; none for FedAvg.</summary>
    /// <param name="before">Moments after the round before; null before the first.</param>
    /// <param name="sums">The round's sums.</param>
    public IEnumerable<TensorSource> Moments(SafetensorsReader? before, ISumSource sums)
    {
        foreach (var tensor in _layout.Tensors.Where(t => HasMoments && IsOptimized(t)))
        {
            // A template that never moved has no moments, as it has no values.
            if (_means.Moves(tensor.Group) || before?.Tensors.ContainsKey(ServerState.First(tensor)) == true)
            {
                yield return new TensorSource(ServerState.First(tensor), "F32", tensor.Shape, output => WriteMoment(tensor, ServerState.First(tensor), 0, _optimizer.First, before, sums, output));
                if (_optimizer.IsAdaptive)
                {
                    yield return new TensorSource(ServerState.Second(tensor), "F32", tensor.Shape, output => WriteMoment(tensor, ServerState.Second(tensor), (float)_optimizer.FirstSecondMoment, _optimizer.Second, before, sums, output));
                }
            }
        }
    }

    /// <summary>The new network, to be written as the next global model.</summary>
    /// <param name="global">The network before.</param>
    /// <param name="sums">The round's sums.</param>
    /// <param name="moments">What <see cref="Moments"/> wrote; null without moments.</param>
    public IEnumerable<TensorSource> Network(SafetensorsReader global, ISumSource sums, SafetensorsReader? moments = null) => _layout.Tensors
        .Where(t => TensorGroups.IsInModel(t.Group))
        .Select(t => new TensorSource(t.Name, "F32", t.Shape, output => Write(t, global, sums, moments, output)));

    /// <summary>One new template.</summary>
    /// <param name="modality">One of <see cref="MovingTemplates"/>.</param>
    /// <param name="global">The template before, null when it was zero.</param>
    /// <param name="sums">The round's sums.</param>
    /// <param name="moments">What <see cref="Moments"/> wrote; null without moments.</param>
    public TensorSource Template(string modality, SafetensorsReader? global, ISumSource sums, SafetensorsReader? moments = null)
    {
        var name = TensorGroups.Template(modality);
        var tensor = _layout.Tensors.First(t => t.Name == name);
        return new TensorSource(name, "F32", tensor.Shape, output => Write(tensor, global, sums, moments, output));
    }

    /// <summary>
    /// The federation's new control variate: c + (|S| / N) · mean of the changes of the |S| sites that took part, of N.
    /// </summary>
    /// <param name="before">The file before; null for zeros.</param>
    /// <param name="sums">The round's sums.</param>
    /// <param name="part">|S| / N.</param>
    public IEnumerable<TensorSource> Control(SafetensorsReader? before, ISumSource sums, double part) => _layout.Tensors
        .Where(t => t.Group == TensorGroups.Control)
        .Select(t => new TensorSource(t.Name, "F32", t.Shape, output => Write(t, before, sums, null, output, part)));

    /// <summary>Whether control variates move.</summary>
    public bool MovesControl => _means.Moves(TensorGroups.Control);

    /// <summary>
    /// Largest possible error of a group's mean from rounding: half a unit for each integer in the sum, divided by the
    /// arrived share, at the coarsest scale of the group's tensors.
    /// </summary>
    public double QuantisationBound(string group) => _means.QuantisationBound(group);

    /// <summary>With momentum a tensor goes on moving in a round in which it changed nowhere.</summary>
    private bool Changes(LayoutTensor tensor) => _means.HasSum(tensor) || (HasMoments && IsOptimized(tensor) && _means.Moves(tensor.Group));

    /// <summary>Statistics and control variates are means themselves; nothing is gained by accelerating them.</summary>
    private static bool IsOptimized(LayoutTensor tensor) => tensor.Group is not (TensorGroups.BatchNorm or TensorGroups.Control);

    private void WriteMoment(LayoutTensor tensor, string name, float first, Func<double, double, double> next, SafetensorsReader? before, ISumSource sums, Stream output)
    {
        var (values, means) = (new float[BlockElements], new double[BlockElements]);
        var known = before?.Tensors.ContainsKey(name) == true;
        var moves = _means.Moves(tensor.Group);
        foreach (var (start, n) in Blocks(tensor))
        {
            var block = values.AsSpan(0, n);
            if (known)
            {
                before!.ReadFloats(name, start, block);
            }
            else
            {
                block.Fill(first);
            }

            if (moves)
            {
                _means.Read(tensor, start, sums, means.AsSpan(0, n));
                for (var i = 0; i < n; i++)
                {
                    block[i] = (float)next(means[i], block[i]);
                }
            }

            output.Write(MemoryMarshal.AsBytes(block));
        }
    }

    private void Write(LayoutTensor tensor, SafetensorsReader? global, ISumSource sums, SafetensorsReader? moments, Stream output, double part = 1)
    {
        global?.Require(tensor);
        var (values, means, first, second) = (new float[BlockElements], new double[BlockElements], new float[BlockElements], new float[BlockElements]);
        var changes = Changes(tensor);
        var isStatistic = !IsOptimized(tensor);
        var isVariance = isStatistic && tensor.Name.EndsWith(".running_var", StringComparison.Ordinal);
        foreach (var (start, n) in Blocks(tensor))
        {
            var target = values.AsSpan(0, n);
            if (global is null)
            {
                target.Clear();
            }
            else
            {
                global.ReadFloats(tensor.Name, start, target);
            }

            if (changes)
            {
                _means.Read(tensor, start, sums, means.AsSpan(0, n));
                if (HasMoments && !isStatistic)
                {
                    moments!.ReadFloats(ServerState.First(tensor), start, first.AsSpan(0, n));
                    if (_optimizer.IsAdaptive)
                    {
                        moments.ReadFloats(ServerState.Second(tensor), start, second.AsSpan(0, n));
                    }
                }

                for (var i = 0; i < n; i++)
                {
                    var next = target[i] + (isStatistic ? part * means[i] : _optimizer.Step(means[i], first[i], second[i]));
                    target[i] = (float)(isVariance && next < 0 ? 0 : next);
                }
            }

            output.Write(MemoryMarshal.AsBytes(target));
        }
    }

    private static IEnumerable<(long Start, int Count)> Blocks(LayoutTensor tensor)
    {
        var count = tensor.CountOf();
        for (long start = 0; start < count; start += BlockElements)
        {
            yield return (start, (int)Math.Min(BlockElements, count - start));
        }
    }
}
