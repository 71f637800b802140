using BrainMVP.Federated.Imaging.Pictures;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>One row of a case's montage: axial, coronal and sagittal slice of a series through the centre of the reference's foreground.</summary>
/// <param name="Png">A PNG file.</param>
public sealed record SeriesPicture(string Modality, int Width, int Height, byte[] Png);

/// <summary>
/// Draws the series of a case on the reference's grid, with the outline of the reference's foreground over the others:
/// where a series is misplaced, the outline does not fit.
/// </summary>
internal static class CasePictures
{
    private const int Gap = 3;
    private const double MarginMm = 6;

    /// <summary>Amber: reads on black, grey and white.</summary>
    private static readonly (byte, byte, byte) Outline = (255, 170, 20);

    /// <param name="side">Pixels of the longest side of a slice.</param>
    public static IReadOnlyList<SeriesPicture> Draw(IReadOnlyList<string> modalities, AlignedCase aligned, bool[] foreground, int side)
    {
        var grid = aligned.Series[aligned.Reference].Volume;
        var mask = OnGrid(foreground);
        var box = ForegroundCrop.Box([OnGrid(Together(foreground, aligned))], MarginVoxels(mask)) ?? new VoxelBox(0, 0, 0, mask.Shape.I, mask.Shape.J, mask.Shape.K);
        mask = mask.Crop(box);
        var (x, y, z) = mask.Affine.Spacing;
        var pixelMm = Math.Max(mask.Shape.I * x, Math.Max(mask.Shape.J * y, mask.Shape.K * z)) / side;
        var centre = Centroid(mask);
        var edge = ContourImage.EdgeOf(Strip(ThreePlane.Planes(mask, new GreyWindow(0, 1), pixelMm, centre)));
        return
        [
            .. modalities.OrderBy(m => m != aligned.Reference).Select(modality =>
            {
                var volume = Orientation.ToRas(aligned.Series[modality].Volume);
                var strip = Strip(ThreePlane.Planes(volume.Crop(box), GreyWindow.Of(volume), pixelMm, centre));
                return new SeriesPicture(modality, strip.Width, strip.Height, ContourImage.ToPng(strip, modality == aligned.Reference ? null : edge, Outline));
            }),
        ];

        Volume OnGrid(bool[] inside) => Orientation.ToRas(new Volume(grid.Shape, grid.Affine, Array.ConvertAll(inside, i => i ? 1f : 0f)));
    }

    /// <summary>Every foreground, so that what lies beside the outline stays in the picture.</summary>
    private static bool[] Together(bool[] foreground, AlignedCase aligned)
    {
        var union = (bool[])foreground.Clone();
        foreach (var other in aligned.Series.Values.Select(s => s.Foreground).OfType<bool[]>())
        {
            for (var n = 0; n < union.Length; n++)
            {
                union[n] |= other[n];
            }
        }

        return union;
    }

    private static int MarginVoxels(Volume volume)
    {
        var (x, y, z) = volume.Affine.Spacing;
        return (int)Math.Round(MarginMm / Math.Cbrt(x * y * z));
    }

    private static GreyImage Strip(IReadOnlyList<GreyImage> planes)
    {
        var strip = new GreyImage(planes.Sum(p => p.Width) + (Gap * (planes.Count - 1)), planes.Max(p => p.Height));
        var x = 0;
        foreach (var plane in planes)
        {
            strip.Draw(plane, x, (strip.Height - plane.Height) / 2);
            x += plane.Width + Gap;
        }

        return strip;
    }

    private static (int I, int J, int K) Centroid(Volume mask)
    {
        double i = 0, j = 0, k = 0, count = 0;
        var (plane, row) = (mask.Shape.J * mask.Shape.K, mask.Shape.K);
        for (var n = 0; n < mask.Voxels.Length; n++)
        {
            if (mask.Voxels[n] > 0)
            {
                (i, j, k, count) = (i + (n / plane), j + (n / row % mask.Shape.J), k + (n % row), count + 1);
            }
        }

        return count == 0
            ? (mask.Shape.I / 2, mask.Shape.J / 2, mask.Shape.K / 2)
            : ((int)Math.Round(i / count), (int)Math.Round(j / count), (int)Math.Round(k / count));
    }
}
