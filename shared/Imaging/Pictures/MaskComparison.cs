using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Pictures;

/// <summary>
/// Axial, coronal and sagittal slices of an image with the outlines of a true and a predicted mask, through the place
/// where most of them is. Green is the truth, red the prediction, yellow both.
/// </summary>
public static class MaskComparison
{
    private const int Gap = 4;
    private const byte Green = 0, Red = 1, Yellow = 2;
    private static readonly (byte Red, byte Green, byte Blue)[] Colours = [(64, 220, 110), (255, 80, 70), (255, 225, 60)];

    /// <summary>The picture as a PNG file.</summary>
    /// <param name="image">Any orientation.</param>
    /// <param name="truth">Voxels of the same grid.</param>
    /// <param name="prediction">Voxels of the same grid.</param>
    /// <param name="pixelMm">Side of a pixel in millimetres.</param>
    public static byte[] Render(Volume image, bool[] truth, bool[] prediction, double pixelMm = 1)
    {
        var (masks, centre) = (new[] { Mask(image, truth), Mask(image, prediction) }, Centre(image, truth, prediction));
        var planes = ThreePlane.Planes(image, null, pixelMm, centre);
        var outlines = masks.Select(m => ThreePlane.Planes(m, new GreyWindow(0, 1), pixelMm, centre).Select(ContourImage.EdgeOf).ToArray()).ToArray();
        var picture = new GreyImage(planes.Sum(p => p.Width) + (Gap * (planes.Count - 1)), planes.Max(p => p.Height));
        var layers = new byte?[picture.Pixels.Length];
        for (int plane = 0, x = 0; plane < planes.Count; x += planes[plane].Width + Gap, plane++)
        {
            var y = (picture.Height - planes[plane].Height) / 2;
            picture.Draw(planes[plane], x, y);
            for (var n = 0; n < planes[plane].Pixels.Length; n++)
            {
                var at = ((y + (n / planes[plane].Width)) * picture.Width) + x + (n % planes[plane].Width);
                layers[at] = (outlines[0][plane][n], outlines[1][plane][n]) switch
                {
                    (true, true) => Yellow,
                    (true, false) => Green,
                    (false, true) => Red,
                    _ => null,
                };
            }
        }

        return ContourImage.ToPng(picture, layers, Colours);
    }

    private static Volume Mask(Volume image, bool[] mask) => new(image.Shape, image.Affine, Array.ConvertAll(mask, m => m ? 1f : 0f));

    /// <summary>The middle of the truth, or of the prediction where there is no truth, in its fullest axial slice; null without either.</summary>
    private static (int I, int J, int K)? Centre(Volume image, bool[] truth, bool[] prediction)
    {
        var shown = Orientation.ToRas(Mask(image, truth.Contains(true) ? truth : prediction));
        var shape = shown.Shape;
        var (best, voxels) = (-1, 0);
        for (var k = 0; k < shape.K; k++)
        {
            var count = Sum(shown, k).Count;
            (best, voxels) = count > voxels ? (k, count) : (best, voxels);
        }

        if (best < 0)
        {
            return null;
        }

        var (inside, i, j) = Sum(shown, best);
        return ((int)(i / inside), (int)(j / inside), best);
    }

    private static (int Count, long I, long J) Sum(Volume mask, int k)
    {
        var (count, sumI, sumJ) = (0, 0L, 0L);
        for (var i = 0; i < mask.Shape.I; i++)
        {
            for (var j = 0; j < mask.Shape.J; j++)
            {
                if (mask[i, j, k] > 0)
                {
                    (count, sumI, sumJ) = (count + 1, sumI + i, sumJ + j);
                }
            }
        }

        return (count, sumI, sumJ);
    }
}
