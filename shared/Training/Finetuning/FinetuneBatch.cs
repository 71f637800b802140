using BrainMVP.Federated.Networks.Models;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>One labelled micro-batch in host memory.</summary>
internal sealed class FinetuneBatch : IDisposable
{
    private readonly int _voxels;

    /// <param name="rows">Cases, B.</param>
    /// <param name="copies">Copies of each case's crop, one or two.</param>
    /// <param name="channels">Input channels, C.</param>
    /// <param name="regions">Regions, K; 0 for classification.</param>
    /// <param name="crop">Sides along R, A, S.</param>
    public FinetuneBatch(int rows, int copies, int channels, int regions, IReadOnlyList<int> crop)
    {
        _voxels = crop[0] * crop[1] * crop[2];
        (Rows, Copies, Classes) = (rows, copies, new long[rows]);
        Volumes = zeros([copies * rows, channels, crop[0], crop[1], crop[2]]).DetachFromDisposeScope();
        Regions = regions > 0 ? zeros([rows, regions, crop[0], crop[1], crop[2]]).DetachFromDisposeScope() : null;
    }

    public int Rows { get; }

    public int Copies { get; }

    /// <summary>[copies · B, C, R, A, S]: the first copies of all cases, then the second.</summary>
    public Tensor Volumes { get; }

    /// <summary>0 or 1, [B, K, R, A, S]; null for classification.</summary>
    public Tensor? Regions { get; }

    /// <summary>Positions in the task's classes; for classification.</summary>
    public long[] Classes { get; }

    /// <summary>Names of the cases, for messages.</summary>
    public List<string> Names { get; } = [];

    public Span<float> Channel(int copy, int row, int channel) => Part(Volumes, (copy * Rows) + row, channel);

    public Span<float> Region(int row, int region) => Part(Regions!, row, region);

    public void Dispose()
    {
        Volumes.Dispose();
        Regions?.Dispose();
    }

    private Span<float> Part(Tensor tensor, int row, int channel) =>
        ModelState.Elements(tensor).Slice(checked(((row * (int)tensor.shape[1]) + channel) * _voxels), _voxels);
}
