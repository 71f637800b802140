using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Pictures;

/// <summary>Intensities that become black and white.</summary>
public readonly record struct GreyWindow(float Black, float White)
{
    /// <summary>0.5th to 99.5th percentile of the voxels that are not 0; 0..1 when there are none.</summary>
    public static GreyWindow Of(Volume volume)
    {
        var values = volume.Voxels.Where(v => v != 0 && float.IsFinite(v)).ToArray();
        if (values.Length == 0)
        {
            return new GreyWindow(0, 1);
        }

        var (black, white) = ((float)Percentiles.Of(values, 0.5), (float)Percentiles.Of(values, 99.5));

        // Images without negative values keep their zero background black.
        return new GreyWindow(black > 0 ? 0 : black, white > black ? white : black + 1);
    }

    public byte Grey(double value) => (byte)Math.Clamp(((value - Black) / (White - Black) * 255) + 0.5, 0, 255);
}

/// <summary>
/// Axial, coronal and sagittal slices side by side: anterior or superior up, the patient's right on the picture's left,
/// anterior left in the sagittal plane. Slices keep the voxel proportions.
/// </summary>
public static class ThreePlane
{
    private const int Gap = 4;

    /// <summary>The three slices as a PNG file.</summary>
    /// <param name="volume">Any orientation.</param>
    /// <param name="window">Grey window; <see cref="GreyWindow.Of"/> when null.</param>
    /// <param name="pixelMm">Side of a pixel in millimetres.</param>
    public static byte[] Render(Volume volume, GreyWindow? window = null, double pixelMm = 1) => Picture(volume, window, pixelMm).ToPng();

    /// <summary>The three slices through the centre of the foreground.</summary>
    public static GreyImage Picture(Volume volume, GreyWindow? window = null, double pixelMm = 1)
    {
        var planes = Planes(volume, window, pixelMm);
        var image = new GreyImage(planes.Sum(p => p.Width) + (Gap * (planes.Count - 1)), planes.Max(p => p.Height));
        var x = 0;
        foreach (var plane in planes)
        {
            image.Draw(plane, x, (image.Height - plane.Height) / 2);
            x += plane.Width + Gap;
        }

        return image;
    }

    /// <summary>Axial, coronal, sagittal.</summary>
    /// <param name="volume">Any orientation.</param>
    /// <param name="centre">Voxel of the RAS-oriented volume that the planes pass through; the foreground's centre when null.</param>
    internal static IReadOnlyList<GreyImage> Planes(Volume volume, GreyWindow? window, double pixelMm, (int I, int J, int K)? centre = null)
    {
        var v = Orientation.ToRas(volume);
        var grey = window ?? GreyWindow.Of(v);
        var (ci, cj, ck) = centre ?? Centre(v);
        var (sx, sy, sz) = v.Affine.Spacing;
        int w = Pixels(v.Shape.I, sx), d = Pixels(v.Shape.J, sy), h = Pixels(v.Shape.K, sz);
        return
        [
            Slice(w, d, (x, y) => (Index(v.Shape.I, w, x), Index(v.Shape.J, d, y), ck)),
            Slice(w, h, (x, y) => (Index(v.Shape.I, w, x), cj, Index(v.Shape.K, h, y))),
            Slice(d, h, (x, y) => (ci, Index(v.Shape.J, d, x), Index(v.Shape.K, h, y))),
        ];

        int Pixels(int voxels, double size) => Math.Max(1, (int)Math.Round(voxels * size / pixelMm));

        // Pictures run against the axes: right to left, anterior to posterior, superior to inferior.
        static double Index(int voxels, int pixels, int pixel) => Math.Clamp(((pixels - 1 - pixel + 0.5) * voxels / pixels) - 0.5, 0, voxels - 1);

        GreyImage Slice(int width, int height, Func<int, int, (double I, double J, double K)> at)
        {
            var image = new GreyImage(width, height);
            for (var y = 0; y < height; y++)
            {
                for (var x = 0; x < width; x++)
                {
                    var (i, j, k) = at(x, y);
                    image.Pixels[(y * width) + x] = grey.Grey(Resampling.Trilinear(v, i, j, k));
                }
            }

            return image;
        }
    }

    /// <summary>Centre of the box around voxels above 0, in an RAS-oriented volume.</summary>
    internal static (int I, int J, int K) Centre(Volume ras) => ForegroundCrop.Box([ras]) is { } box
        ? ((box.I0 + box.I1) / 2, (box.J0 + box.J1) / 2, (box.K0 + box.K1) / 2)
        : (ras.Shape.I / 2, ras.Shape.J / 2, ras.Shape.K / 2);
}
