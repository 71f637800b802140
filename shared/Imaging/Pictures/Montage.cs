using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Pictures;

/// <summary>One row of a montage.</summary>
/// <param name="Label">Short text beside the row, for example the modality.</param>
/// <param name="Window">Grey window; <see cref="GreyWindow.Of"/> when null.</param>
public sealed record MontageRow(string Label, Volume Volume, GreyWindow? Window = null);

/// <summary>Rows of three planes with labels, through the same place in every row that shares the first row's shape.</summary>
public static class Montage
{
    private const int Gap = 4;
    private const int Scale = 2;

    /// <summary>The montage as a PNG file.</summary>
    /// <param name="rows">At least one.</param>
    /// <param name="pixelMm">Side of a pixel in millimetres.</param>
    public static byte[] Render(IReadOnlyList<MontageRow> rows, double pixelMm = 1)
    {
        ArgumentOutOfRangeException.ThrowIfZero(rows.Count);
        var first = Orientation.ToRas(rows[0].Volume);
        var centre = ThreePlane.Centre(first);
        var planes = rows.Select(row =>
        {
            var ras = Orientation.ToRas(row.Volume);
            return ThreePlane.Planes(ras, row.Window, pixelMm, ras.Shape == first.Shape ? centre : null);
        }).ToArray();
        var label = rows.Max(r => Lettering.WidthOf(r.Label, Scale)) + (2 * Gap);
        var widths = Enumerable.Range(0, 3).Select(column => planes.Max(p => p[column].Width)).ToArray();
        var heights = planes.Select(p => p.Max(image => image.Height)).ToArray();
        var top = (Lettering.Height * Scale) + (2 * Gap);
        var image = new GreyImage(label + widths.Sum(w => w + Gap), top + heights.Sum(h => h + Gap));
        string[] titles = ["axial", "coronal", "sagittal"];
        for (int column = 0, x = label; column < 3; x += widths[column] + Gap, column++)
        {
            Lettering.Write(image, titles[column], x, Gap, Scale, 200);
        }

        for (int row = 0, y = top; row < rows.Count; y += heights[row] + Gap, row++)
        {
            Lettering.Write(image, rows[row].Label, Gap, y + (heights[row] / 2), Scale, 255);
            for (int column = 0, x = label; column < 3; x += widths[column] + Gap, column++)
            {
                var plane = planes[row][column];
                image.Draw(plane, x + ((widths[column] - plane.Width) / 2), y + ((heights[row] - plane.Height) / 2));
            }
        }

        return image.ToPng();
    }
}
