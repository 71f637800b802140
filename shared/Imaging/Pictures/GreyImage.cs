namespace BrainMVP.Federated.Imaging.Pictures;

/// <summary>An 8-bit grey picture, row by row from the top left.</summary>
public sealed class GreyImage(int width, int height)
{
    public int Width { get; } = width;

    public int Height { get; } = height;

    /// <summary>Width x Height bytes, 0 black.</summary>
    public byte[] Pixels { get; } = new byte[checked(width * height)];

    /// <summary>Copies another picture to (x, y); what does not fit is cut.</summary>
    public void Draw(GreyImage other, int x, int y)
    {
        for (var row = Math.Max(0, -y); row < Math.Min(other.Height, Height - y); row++)
        {
            var first = Math.Max(0, -x);
            var count = Math.Min(other.Width, Width - x) - first;
            if (count > 0)
            {
                other.Pixels.AsSpan((row * other.Width) + first, count).CopyTo(Pixels.AsSpan(((y + row) * Width) + x + first));
            }
        }
    }

    /// <summary>The picture as a PNG file.</summary>
    public byte[] ToPng() => PngFile.Encode(Width, Height, Pixels);
}
