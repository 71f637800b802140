using System.Globalization;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>Reads a header for people: orientation letters and what is odd.</summary>
internal static class HeaderNotes
{
    private const double ThickMm = 2.5;
    private const double MostShearDegrees = 1;
    private static readonly string[] Letters = ["RL", "AP", "SI"];

    /// <summary>The directions that the three axes run to, for example RAS or LPI.</summary>
    public static string OrientationCode(Affine affine)
    {
        var (axes, flips) = Orientation.Closest(affine);
        return string.Concat(Enumerable.Range(0, 3).Select(n => Letters[axes[n]][flips[n] ? 1 : 0]));
    }

    public static IReadOnlyList<string> Of(NiftiInfo info)
    {
        var notes = new List<string>();
        if (info.Warning is { } warning)
        {
            notes.Add(warning.TrimEnd('.'));
        }

        var (x, y, z) = info.Affine.Spacing;
        double[] spacing = [x, y, z];
        if (spacing.Max() > ThickMm && spacing.Max() > 1.5 * spacing.Min())
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"slices of {spacing.Max():F1} mm at {spacing.Min():F2} mm in the plane"));
        }

        if (spacing.Max() > 8 || spacing.Min() < 0.2)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"unusual voxel size {x:G4} x {y:G4} x {z:G4} mm"));
        }

        if (Shear(info.Affine) is var degrees and > MostShearDegrees)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"the axes are not perpendicular ({degrees:F1} degrees off); the shear is removed"));
        }

        if (info.Shape is { I: < 16 } or { J: < 16 } or { K: < 16 })
        {
            notes.Add($"only {info.Shape} voxels");
        }

        return notes;
    }

    /// <summary>Largest deviation of an angle between two axes from 90 degrees.</summary>
    private static double Shear(Affine a)
    {
        var (x, y, z) = a.Spacing;
        var xy = ((a.M00 * a.M01) + (a.M10 * a.M11) + (a.M20 * a.M21)) / (x * y);
        var xz = ((a.M00 * a.M02) + (a.M10 * a.M12) + (a.M20 * a.M22)) / (x * z);
        var yz = ((a.M01 * a.M02) + (a.M11 * a.M12) + (a.M21 * a.M22)) / (y * z);
        return Math.Asin(Math.Min(1, Math.Max(Math.Abs(xy), Math.Max(Math.Abs(xz), Math.Abs(yz))))) * 180 / Math.PI;
    }
}
