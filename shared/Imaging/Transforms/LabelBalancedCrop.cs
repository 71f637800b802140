using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>
/// Boxes around labelled voxels and around others in a given ratio (MONAI 1.4.0 <c>RandCropByPosNegLabel</c>). The
/// voxel lies in the box's centre unless the box would leave the image. Keeps two counts a row of voxels instead of a
/// list of all voxels.
/// </summary>
public sealed class LabelBalancedCrop
{
    private readonly VolumeShape _shape;
    private readonly bool[] _positive;
    private readonly bool[]? _valid;
    private readonly int[] _positivesUpTo;
    private readonly int[] _negativesUpTo;

    /// <param name="shape">Shape of the case.</param>
    /// <param name="positive">Voxels of the positive class; kept, not copied.</param>
    /// <param name="valid">Where negatives may lie (for example image &gt; threshold); null for everywhere. Kept, not copied.</param>
    /// <exception cref="ArgumentException">No voxel can be chosen, or the lengths do not fit.</exception>
    public LabelBalancedCrop(VolumeShape shape, bool[] positive, bool[]? valid = null)
    {
        if (positive.Length != shape.Count || (valid is not null && valid.Length != shape.Count))
        {
            throw new ArgumentException($"{positive.Length} and {valid?.Length} voxels do not fill {shape}.", nameof(positive));
        }

        (_shape, _positive, _valid) = (shape, positive, valid);
        var rows = shape.I * shape.J;
        (_positivesUpTo, _negativesUpTo) = (new int[rows], new int[rows]);
        for (var row = 0; row < rows; row++)
        {
            for (var at = row * shape.K; at < (row + 1) * shape.K; at++)
            {
                if (positive[at])
                {
                    Positives++;
                }
                else if (valid is null || valid[at])
                {
                    Negatives++;
                }
            }

            (_positivesUpTo[row], _negativesUpTo[row]) = (Positives, Negatives);
        }

        if (Positives + Negatives == 0)
        {
            throw new ArgumentException("No voxel of the case is positive and none is a valid negative.", nameof(valid));
        }
    }

    /// <summary>Voxels of the positive class.</summary>
    public int Positives { get; }

    /// <summary>Valid voxels of the negative class.</summary>
    public int Negatives { get; }

    /// <summary>
    /// One box. Takes a number u (positive when u &lt; share), then one integer: the rank of the voxel in C order within
    /// its class. When a class has no voxel the other is used, whatever u is.
    /// </summary>
    /// <param name="roi">Shape of the box, sides of at least 1.</param>
    /// <param name="draws">Source of numbers.</param>
    /// <param name="positiveShare">pos / (pos + neg), 0..1.</param>
    /// <param name="allowSmaller">Along axes where the image is smaller than the roi, take all of it instead of failing.</param>
    /// <exception cref="ArgumentException">The roi is larger than the image and that is not allowed.</exception>
    public VoxelBox Box(VolumeShape roi, IUniformDraws draws, double positiveShare = 0.5, bool allowSmaller = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Math.Min(roi.I, Math.Min(roi.J, roi.K)), 1, nameof(roi));
        var size = new VolumeShape(Math.Min(roi.I, _shape.I), Math.Min(roi.J, _shape.J), Math.Min(roi.K, _shape.K));
        if (size != roi && !allowSmaller)
        {
            throw new ArgumentException($"A box of {roi} does not fit into an image of {_shape}.", nameof(roi));
        }

        var share = Positives == 0 ? 0 : Negatives == 0 ? 1 : positiveShare;
        var positive = draws.NextDouble() < share;
        var rank = draws.NextInt32(positive ? Positives : Negatives);
        var at = Find(positive, rank);
        var i = Start(at / (_shape.J * _shape.K), size.I, _shape.I);
        var j = Start(at / _shape.K % _shape.J, size.J, _shape.J);
        var k = Start(at % _shape.K, size.K, _shape.K);
        return new VoxelBox(i, j, k, i + size.I, j + size.J, k + size.K);
    }

    /// <summary>Several independent boxes, one after the other.</summary>
    public VoxelBox[] Boxes(VolumeShape roi, int count, IUniformDraws draws, double positiveShare = 0.5, bool allowSmaller = false)
    {
        var boxes = new VoxelBox[count];
        for (var n = 0; n < count; n++)
        {
            boxes[n] = Box(roi, draws, positiveShare, allowSmaller);
        }

        return boxes;
    }

    /// <summary>Start of a run of voxels around a centre that is moved as little as keeps the run inside.</summary>
    private static int Start(int centre, int size, int image)
    {
        var low = size / 2;
        var high = (int)(image + 1 - (size / 2.0));
        high = high == low ? high + 1 : high;
        return Math.Min(Math.Max(centre, low), high - 1) - (size / 2);
    }

    private int Find(bool positive, int rank)
    {
        var upTo = positive ? _positivesUpTo : _negativesUpTo;

        // First row with more than rank voxels up to its end.
        int low = 0, high = upTo.Length - 1;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (upTo[middle] > rank)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        var left = rank - (low == 0 ? 0 : upTo[low - 1]);
        for (var at = low * _shape.K; ; at++)
        {
            if (_positive[at] == positive && (positive || _valid is null || _valid[at]) && left-- == 0)
            {
                return at;
            }
        }
    }
}
