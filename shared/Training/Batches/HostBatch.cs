using System.Runtime.InteropServices;
using BrainMVP.Federated.Networks.Models;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Batches;

/// <summary>
/// One micro-batch in host memory, made away from the training thread and used again and again. Page-locked for a CUDA
/// device, so that its copy there overlaps other work. All tensors [capacity, 1, R, A, S].
/// </summary>
internal sealed class HostBatch : IDisposable
{
    private readonly int _voxels;

    /// <param name="capacity">Most rows.</param>
    /// <param name="crop">Sides along R, A, S.</param>
    /// <param name="pinned">Page-locked memory; needs a CUDA device.</param>
    public HostBatch(int capacity, IReadOnlyList<int> crop, bool pinned)
    {
        _voxels = crop[0] * crop[1] * crop[2];
        Targets = Allocate(ScalarType.Float32);
        Sources = Allocate(ScalarType.Float32);
        Mask1 = Allocate(ScalarType.Bool);
        Mask2 = Allocate(ScalarType.Bool);

        Tensor Allocate(ScalarType type)
        {
            using var scope = NewDisposeScope();
            var plain = zeros([capacity, 1, crop[0], crop[1], crop[2]], type);
            return (pinned ? plain.pin_memory() : plain).DetachFromDisposeScope();
        }
    }

    public int Round { get; private set; }

    public int Step { get; private set; }

    /// <summary>0-based micro-batch of the step.</summary>
    public int Part { get; private set; }

    public List<BatchRow> Rows { get; } = [];

    public Tensor Targets { get; }

    /// <summary>Rows with <see cref="FillerKind.Volume"/> only; others hold what was there before.</summary>
    public Tensor Sources { get; }

    /// <summary>True where view 1 is filled.</summary>
    public Tensor Mask1 { get; }

    /// <summary>True where view 2 is filled.</summary>
    public Tensor Mask2 { get; }

    /// <summary>Forgets the rows and names the next ones.</summary>
    public void Begin(int round, int step, int part)
    {
        (Round, Step, Part) = (round, step, part);
        Rows.Clear();
    }

    public Span<float> TargetOf(int row) => ModelState.Elements(Targets).Slice(row * _voxels, _voxels);

    public Span<float> SourceOf(int row) => ModelState.Elements(Sources).Slice(row * _voxels, _voxels);

    public Span<bool> Mask1Of(int row) => MemoryMarshal.Cast<byte, bool>(Mask1.bytes).Slice(row * _voxels, _voxels);

    public Span<bool> Mask2Of(int row) => MemoryMarshal.Cast<byte, bool>(Mask2.bytes).Slice(row * _voxels, _voxels);

    public void Dispose()
    {
        Targets.Dispose();
        Sources.Dispose();
        Mask1.Dispose();
        Mask2.Dispose();
    }
}
