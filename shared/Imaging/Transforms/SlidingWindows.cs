using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>
/// Overlapping windows that cover an image (MONAI 1.4.0 <c>sliding_window_inference</c>). An image smaller than the
/// window is padded, half before and the rest after; windows lie in the padded image.
/// </summary>
public sealed class SlidingWindows
{
    /// <param name="image">Shape of the image.</param>
    /// <param name="roi">Shape of a window; a side of 0 takes the image's.</param>
    /// <param name="overlap">Share of a window that the next one covers again, in [0, 1).</param>
    public SlidingWindows(VolumeShape image, VolumeShape roi, double overlap)
    {
        Image = image;
        Roi = new VolumeShape(roi.I == 0 ? image.I : roi.I, roi.J == 0 ? image.J : roi.J, roi.K == 0 ? image.K : roi.K);
        Padded = new VolumeShape(Math.Max(image.I, Roi.I), Math.Max(image.J, Roi.J), Math.Max(image.K, Roi.K));
        Before = new VolumeShape((Padded.I - image.I) / 2, (Padded.J - image.J) / 2, (Padded.K - image.K) / 2);
        int[] startsI = Starts(Padded.I, Roi.I, overlap), startsJ = Starts(Padded.J, Roi.J, overlap), startsK = Starts(Padded.K, Roi.K, overlap);
        var boxes = new List<VoxelBox>(startsI.Length * startsJ.Length * startsK.Length);
        foreach (var i in startsI)
        {
            foreach (var j in startsJ)
            {
                foreach (var k in startsK)
                {
                    boxes.Add(new VoxelBox(i, j, k, i + Roi.I, j + Roi.J, k + Roi.K));
                }
            }
        }

        Boxes = boxes;
    }

    /// <summary>Shape of the image without padding.</summary>
    public VolumeShape Image { get; }

    /// <summary>Shape of a window.</summary>
    public VolumeShape Roi { get; }

    /// <summary>Shape of the padded image: at least a window along each axis.</summary>
    public VolumeShape Padded { get; }

    /// <summary>Voxels of padding before the image along each axis.</summary>
    public VolumeShape Before { get; }

    /// <summary>The windows, in voxels of the padded image, last axis fastest.</summary>
    public IReadOnlyList<VoxelBox> Boxes { get; }

    /// <summary>
    /// First voxels of the windows along one axis. The step is the window less its overlap, at least 1; the last window
    /// is moved back so that it ends with the image.
    /// </summary>
    /// <param name="image">Voxels of the padded image, at least <paramref name="roi"/>.</param>
    /// <param name="roi">Voxels of a window, at least 1.</param>
    /// <param name="overlap">In [0, 1).</param>
    public static int[] Starts(int image, int roi, double overlap)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(roi, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(image, roi);
        if (!(overlap >= 0 && overlap < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(overlap), overlap, "An overlap is at least 0 and below 1.");
        }

        var step = roi == image ? roi : Math.Max((int)(roi * (1 - overlap)), 1);
        var starts = new int[((image - roi + step - 1) / step) + 1];
        for (var n = 0; n < starts.Length; n++)
        {
            starts[n] = Math.Min(n * step, image - roi);
        }

        return starts;
    }

    /// <summary>Copies one window of one channel.</summary>
    /// <param name="channel">Voxels of the image, C order.</param>
    /// <param name="window">Index into <see cref="Boxes"/>.</param>
    /// <param name="patch">Receives the voxels of the window, C order.</param>
    /// <param name="outside">Value of the padding.</param>
    public void Read(ReadOnlySpan<float> channel, int window, Span<float> patch, float outside = 0)
    {
        if (channel.Length != Image.Count || patch.Length != Roi.Count)
        {
            throw new ArgumentException($"{channel.Length} and {patch.Length} voxels are not an image of {Image} and a window of {Roi}.", nameof(channel));
        }

        var box = Boxes[window];
        int i0 = box.I0 - Before.I, j0 = box.J0 - Before.J, k0 = box.K0 - Before.K;
        var inside = i0 >= 0 && j0 >= 0 && k0 >= 0 && i0 + Roi.I <= Image.I && j0 + Roi.J <= Image.J && k0 + Roi.K <= Image.K;
        if (!inside)
        {
            patch.Fill(outside);
        }

        int k = Math.Max(k0, 0), count = Math.Min(k0 + Roi.K, Image.K) - k;
        for (var i = Math.Max(i0, 0); i < Math.Min(i0 + Roi.I, Image.I); i++)
        {
            for (var j = Math.Max(j0, 0); j < Math.Min(j0 + Roi.J, Image.J); j++)
            {
                channel.Slice((((i * Image.J) + j) * Image.K) + k, count).CopyTo(patch[(((((i - i0) * Roi.J) + j - j0) * Roi.K) + k - k0)..]);
            }
        }
    }
}
