namespace BrainMVP.Federated.Imaging.Pictures;

/// <summary>
/// A grey picture with a contour in colour, as a PNG with a palette: one byte a pixel, few enough greys to be small in a
/// page that holds hundreds.
/// </summary>
public static class ContourImage
{
    /// <summary>Greys that are kept apart.</summary>
    private const int Greys = 40;

    /// <summary>The picture as a PNG file.</summary>
    /// <param name="image">Greys.</param>
    /// <param name="contour">True where the colour covers the grey; null for none. As long as the pixels.</param>
    /// <param name="colour">Red, green, blue.</param>
    public static byte[] ToPng(GreyImage image, bool[]? contour, (byte Red, byte Green, byte Blue) colour) =>
        ToPng(image, contour is null ? null : Array.ConvertAll(contour, c => c ? (byte?)0 : null), [colour]);

    /// <summary>The picture with contours of several colours.</summary>
    /// <param name="image">Greys.</param>
    /// <param name="contours">Position of the colour that covers the grey; null for none. As long as the pixels.</param>
    /// <param name="colours">Red, green, blue each; at most 200.</param>
    public static byte[] ToPng(GreyImage image, byte?[]? contours, IReadOnlyList<(byte Red, byte Green, byte Blue)> colours)
    {
        var palette = new byte[(Greys + colours.Count) * 3];
        for (var n = 0; n < Greys; n++)
        {
            palette.AsSpan(n * 3, 3).Fill((byte)((n * 255) / (Greys - 1)));
        }

        for (var n = 0; n < colours.Count; n++)
        {
            var entry = palette.AsSpan((Greys + n) * 3, 3);
            (entry[0], entry[1], entry[2]) = colours[n];
        }

        var indices = new byte[image.Pixels.Length];
        for (var n = 0; n < indices.Length; n++)
        {
            indices[n] = contours?[n] is { } colour ? (byte)(Greys + colour) : (byte)(((image.Pixels[n] * (Greys - 1)) + 127) / 255);
        }

        return PngFile.Encode(image.Width, image.Height, indices, palette);
    }

    /// <summary>Pixels inside a mask that have a neighbour outside it.</summary>
    /// <param name="mask">Inside where above 127.</param>
    public static bool[] EdgeOf(GreyImage mask)
    {
        var edge = new bool[mask.Pixels.Length];
        for (var y = 0; y < mask.Height; y++)
        {
            for (var x = 0; x < mask.Width; x++)
            {
                edge[(y * mask.Width) + x] = Inside(x, y) && !(Inside(x - 1, y) && Inside(x + 1, y) && Inside(x, y - 1) && Inside(x, y + 1));
            }
        }

        return edge;

        bool Inside(int x, int y) => x >= 0 && y >= 0 && x < mask.Width && y < mask.Height && mask.Pixels[(y * mask.Width) + x] > 127;
    }
}
