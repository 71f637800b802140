using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Preparation;

namespace BrainMVP.Federated.Training.Data;

/// <summary>
/// The cases of a prepared data set, read when they are drawn and kept while they fit: a big site does not need to
/// hold all its volumes in memory.
/// </summary>
public sealed class PreparedCases
{
    /// <summary>Bytes of volumes that are kept by default.</summary>
    public const long DefaultCacheBytes = 2L << 30;

    private readonly PreparedDataset _dataset;
    private readonly long _cacheBytes;
    private readonly Dictionary<int, PreparedCase> _kept = [];
    private readonly Queue<int> _order = new();
    private long _keptBytes;

    private PreparedCases(PreparedDataset dataset, Plan plan, long cacheBytes)
    {
        (_dataset, _cacheBytes) = (dataset, cacheBytes);
        Cases = [.. dataset.Cases.Select((entry, index) => ToCase(entry, index, plan.Imaging.Canvas))];
    }

    public IReadOnlyList<TrainingCase> Cases { get; }

    /// <summary>Opens a folder written by <see cref="PreparedDataset.Prepare"/>.</summary>
    /// <exception cref="Contracts.Errors.FederationException">BMF-1110 or BMF-1011; later reads BMF-1401, 1402, 1405.</exception>
    public static PreparedCases Open(string folder, Plan plan, long cacheBytes = DefaultCacheBytes) => new(PreparedDataset.Load(folder), plan, cacheBytes);

    private TrainingCase ToCase(PreparedEntry entry, int index, IReadOnlyList<int> canvas)
    {
        var offset = PreparedCase.OffsetOf(new(entry.Shape[0], entry.Shape[1], entry.Shape[2]), canvas);
        return new TrainingCase
        {
            Subject = entry.Subject,
            Modalities = entry.Modalities,
            Shape = entry.Shape,
            CanvasOffset = [offset.I, offset.J, offset.K],
            Content = entry.Content,
            Volume = modality => Read(index).Channels[IndexOf(entry.Modalities, modality)],
        };
    }

    private PreparedCase Read(int index)
    {
        if (_kept.TryGetValue(index, out var known))
        {
            return known;
        }

        var read = _dataset.Read(index);
        _kept.Add(index, read);
        _order.Enqueue(index);
        _keptBytes += Bytes(read);
        while (_keptBytes > _cacheBytes && _order.Count > 1)
        {
            _kept.Remove(_order.Dequeue(), out var oldest);
            _keptBytes -= Bytes(oldest!);
        }

        return read;
    }

    private static long Bytes(PreparedCase item) => item.Channels.Sum(c => (long)c.Length * sizeof(float));

    private static int IndexOf(IReadOnlyList<string> modalities, string modality)
    {
        for (var i = 0; i < modalities.Count; i++)
        {
            if (string.Equals(modalities[i], modality, StringComparison.Ordinal))
            {
                return i;
            }
        }

        throw new ArgumentException($"The case has no {modality}.", nameof(modality));
    }
}
