using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Imaging.Pictures;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Phantom.Output;

/// <summary>
/// A picture of a data set: a row a person, a column a modality, the axial slice with most of the lesion (or through the
/// ventricles), and coloured outlines of the labels. What a person lacks stays black.
/// </summary>
public sealed class PhantomMontage(PhantomRequest request)
{
    public const int MostRows = 16;

    private const int Gap = 4;
    private const int Scale = 2;
    private const int Greys = 224;

    // Red core, green oedema, blue infarct, yellow enhancing tumour: by the values of label maps.
    private static readonly (byte Red, byte Green, byte Blue)[] Colours = [(0, 0, 0), (235, 70, 70), (70, 220, 90), (80, 150, 255), (255, 220, 40)];

    private readonly string[] _modalities = [.. request.Modalities.OrderBy(Modalities.IndexOf)];
    private readonly SortedDictionary<int, (string Title, byte[]?[] Slices)> _rows = [];

    private int PixelsPerVoxel => Math.Max(1, (int)Math.Round(1.5 * request.SpacingMm));

    // Around a brain there is much that is black.
    private int MarginR => request.WholeHead ? 0 : 32 / request.SpacingMm;

    private int MarginA => request.WholeHead ? 0 : 16 / request.SpacingMm;

    private int Width => ((PhantomGenerator.FieldOfViewMm.R / request.SpacingMm) - (2 * MarginR)) * PixelsPerVoxel;

    private int Height => ((PhantomGenerator.FieldOfViewMm.A / request.SpacingMm) - (2 * MarginA)) * PixelsPerVoxel;

    /// <summary>Draws a person's row; people beyond <see cref="MostRows"/> are left out. May be called from several threads.</summary>
    public void Add(int number, PhantomCase made)
    {
        if (number >= MostRows)
        {
            return;
        }

        var k = SliceOf(made.Labels);
        var slices = _modalities.Select(m => made.Volumes.TryGetValue(m, out var volume) ? Draw(volume, made.Labels, k) : null).ToArray();
        lock (_rows)
        {
            _rows[number] = ($"{made.Subject} class {made.Class}", slices);
        }
    }

    public byte[] ToPng()
    {
        var line = (Lettering.Height * Scale) + (2 * Gap);
        var image = new GreyImage((_modalities.Length * (Width + Gap)) + Gap, line + (_rows.Count * (Height + line)));
        for (var column = 0; column < _modalities.Length; column++)
        {
            Lettering.Write(image, _modalities[column], Gap + (column * (Width + Gap)), Gap, Scale, Greys - 1);
        }

        var y = line;
        foreach (var (title, slices) in _rows.Values)
        {
            for (var column = 0; column < slices.Length; column++)
            {
                if (slices[column] is { } pixels)
                {
                    var slice = new GreyImage(Width, Height);
                    pixels.CopyTo(slice.Pixels, 0);
                    image.Draw(slice, Gap + (column * (Width + Gap)), y);
                }
            }

            Lettering.Write(image, title, Gap, y + Height + Gap, Scale, Greys - 60);
            y += Height + line;
        }

        var palette = new byte[(Greys + Colours.Length) * 3];
        for (var n = 0; n < Greys; n++)
        {
            palette.AsSpan(n * 3, 3).Fill((byte)(n * 255 / (Greys - 1)));
        }

        for (var n = 0; n < Colours.Length; n++)
        {
            (palette[(Greys + n) * 3], palette[((Greys + n) * 3) + 1], palette[((Greys + n) * 3) + 2]) = Colours[n];
        }

        return PngFile.Encode(image.Width, image.Height, image.Pixels, palette);
    }

    private static int SliceOf(Volume labels)
    {
        var counts = new int[labels.Shape.K];
        for (var n = 0; n < labels.Voxels.Length; n++)
        {
            counts[n % labels.Shape.K] += labels.Voxels[n] > 0 ? 1 : 0;
        }

        var most = Array.IndexOf(counts, counts.Max());
        return counts[most] > 0 ? most : (int)(labels.Shape.K * 0.56);
    }

    /// <summary>Anterior up, the patient's right on the left.</summary>
    private byte[] Draw(Volume volume, Volume labels, int k)
    {
        var window = GreyWindow.Of(volume);
        var pixels = new byte[Width * Height];
        for (var y = 0; y < Height; y++)
        {
            for (var x = 0; x < Width; x++)
            {
                var grey = window.Grey(volume[Right(x), Front(y), k]);
                var label = Label(x, y);
                var edge = label > 0 && (Label(x - 1, y) != label || Label(x + 1, y) != label || Label(x, y - 1) != label || Label(x, y + 1) != label);
                pixels[(y * Width) + x] = edge ? (byte)(Greys + label) : (byte)(grey * (Greys - 1) / 255);
            }
        }

        return pixels;

        int Right(int x) => labels.Shape.I - 1 - MarginR - (x / PixelsPerVoxel);
        int Front(int y) => labels.Shape.J - 1 - MarginA - (y / PixelsPerVoxel);
        int Label(int x, int y) => x < 0 || y < 0 || x >= Width || y >= Height ? 0 : (int)labels[Right(x), Front(y), k];
    }
}
