using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>
/// Label maps in memory, those used last, up to a bound; a map that is read again has the same voxels. For one thread
/// at a time.
/// </summary>
/// <param name="regions">Regions of the task.</param>
/// <param name="bound">Largest sum of voxels that are held.</param>
public sealed class LabelVolumes(IReadOnlyList<LabelRegion> regions, long bound = LabelVolumes.DefaultBound)
{
    /// <summary>Two bytes a voxel are held: 512 MiB.</summary>
    public const long DefaultBound = 256L << 20;

    private readonly Dictionary<string, LinkedListNode<LabelVolume>> _known = new(StringComparer.Ordinal);
    private readonly LinkedList<LabelVolume> _byUse = new();
    private long _held;

    /// <summary>Label map of a case.</summary>
    /// <exception cref="Contracts.Errors.FederationException">BMF-1401, 1405 or 1406.</exception>
    public LabelVolume Of(LabelledCase item)
    {
        if (_known.TryGetValue(item.LabelPath, out var node))
        {
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value;
        }

        var shape = new VolumeShape(item.Volumes.Shape[0], item.Volumes.Shape[1], item.Volumes.Shape[2]);
        var volume = new LabelVolume(item.LabelPath, shape, PreparedLabels.Read(item.LabelPath, item.Volumes.Shape), regions);
        _held += shape.Count;
        while (_held > bound && _byUse.Last is { } oldest)
        {
            _held -= oldest.Value.Shape.Count;
            _known.Remove(oldest.Value.Path);
            _byUse.RemoveLast();
        }

        _known.Add(item.LabelPath, _byUse.AddFirst(volume));
        return volume;
    }
}

/// <summary>A label map and the regions of a task in it.</summary>
public sealed class LabelVolume
{
    /// <summary>For each label, one bit for each region that it belongs to.</summary>
    private readonly ulong[] _membership = new ulong[256];
    private readonly byte[] _labels;
    private readonly Lazy<LabelBalancedCrop> _crops;

    internal LabelVolume(string path, VolumeShape shape, byte[] labels, IReadOnlyList<LabelRegion> regions)
    {
        (Path, Shape, _labels) = (path, shape, labels);
        for (var region = 0; region < regions.Count; region++)
        {
            foreach (var label in regions[region].Labels)
            {
                _membership[label] |= 1UL << region;
            }
        }

        _crops = new Lazy<LabelBalancedCrop>(() => new LabelBalancedCrop(shape, Array.ConvertAll(labels, l => _membership[l] != 0)));
    }

    public string Path { get; }

    public VolumeShape Shape { get; }

    /// <summary>Where crops around labelled voxels lie.</summary>
    public LabelBalancedCrop Crops => _crops.Value;

    /// <summary>One region of the whole volume, C order.</summary>
    public bool[] Region(int region) => Array.ConvertAll(_labels, l => (_membership[l] >> region & 1) != 0);

    /// <summary>Copies one region of a crop as 0 and 1; outside of the volume it is 0.</summary>
    /// <param name="region">Position among the regions.</param>
    /// <param name="start">Voxel coordinates of the crop's first voxel; may be negative.</param>
    /// <param name="crop">Sides of the crop.</param>
    /// <param name="destination">Receives the crop, C order.</param>
    public void Copy(int region, IReadOnlyList<int> start, IReadOnlyList<int> crop, Span<float> destination)
    {
        destination.Clear();
        var (first, last) = (Math.Max(0, -start[2]), Math.Min(crop[2], Shape.K - start[2]));
        for (var i = Math.Max(0, -start[0]); i < Math.Min(crop[0], Shape.I - start[0]); i++)
        {
            for (var j = Math.Max(0, -start[1]); j < Math.Min(crop[1], Shape.J - start[1]); j++)
            {
                var from = ((((i + start[0]) * Shape.J) + j + start[1]) * Shape.K) + start[2];
                var to = ((i * crop[1]) + j) * crop[2];
                for (var k = first; k < last; k++)
                {
                    destination[to + k] = _membership[_labels[from + k]] >> region & 1;
                }
            }
        }
    }
}
