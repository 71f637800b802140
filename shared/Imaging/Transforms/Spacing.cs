using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>
/// Resamples to isotropic voxels, trilinear, border outside (MONAI 1.4.0 <c>Spacing</c> with mode bilinear,
/// padding border, align_corners false, double precision). Shear is removed. An axis whose spacing is within
/// 0.001 mm of the target keeps its own.
/// </summary>
public static class Spacing
{
    private const double Tolerance = 1e-3;

    /// <param name="volume">Any orientation.</param>
    /// <param name="target">Voxel size in mm, above 0.</param>
    /// <returns>The same voxels when neither shape nor affine would change.</returns>
    /// <exception cref="FederationException">BMF-1104 when the result would exceed <see cref="NiftiReader.MaximumVoxels"/>: the voxel sizes cannot be true.</exception>
    public static Volume To(Volume volume, double target)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(target);
        var (shape, affine) = Grid(volume, target);
        if (shape == volume.Shape && (volume.Affine.IsClose(affine, Tolerance) || (volume.Affine.Inverse() * affine).IsClose(Affine.Identity, Tolerance)))
        {
            return new Volume(shape, affine, volume.Voxels);
        }

        return Resampling.To(volume, shape, affine, Outside.Border);
    }

    internal static (VolumeShape Shape, Affine Affine) Grid(Volume volume, double target)
    {
        var a = volume.Affine;
        var axes = Axes(a, target);
        var toNew = axes.Inverse() * a;
        Span<(double X, double Y, double Z)> corners = stackalloc (double, double, double)[8];
        Span<(double X, double Y, double Z)> indices = stackalloc (double, double, double)[8];
        (double X, double Y, double Z) low = (double.MaxValue, double.MaxValue, double.MaxValue), high = (double.MinValue, double.MinValue, double.MinValue);
        for (var n = 0; n < 8; n++)
        {
            indices[n] = ((n & 4) == 0 ? 0 : volume.Shape.I - 1, (n & 2) == 0 ? 0 : volume.Shape.J - 1, (n & 1) == 0 ? 0 : volume.Shape.K - 1);
            var c = corners[n] = toNew.Apply(indices[n].X, indices[n].Y, indices[n].Z);
            low = (Math.Min(low.X, c.X), Math.Min(low.Y, c.Y), Math.Min(low.Z, c.Z));
            high = (Math.Max(high.X, c.X), Math.Max(high.Y, c.Y), Math.Max(high.Z, c.Z));
        }

        // Round half to even, as numpy rounds.
        double i = Math.Round(high.X - low.X + 1), j = Math.Round(high.Y - low.Y + 1), k = Math.Round(high.Z - low.Z + 1);
        if (!(i >= 1 && j >= 1 && k >= 1 && i * j * k <= NiftiReader.MaximumVoxels))
        {
            var (sx, sy, sz) = a.Spacing;
            throw ErrorCatalogue.NiftiHeaderInvalid.With(string.Create(
                CultureInfo.InvariantCulture,
                $"{volume.Shape} voxels of {sx:G4} x {sy:G4} x {sz:G4} mm would become {i} x {j} x {k} voxels of {target} mm; {NiftiReader.MaximumVoxels} are possible."));
        }

        var shape = new VolumeShape((int)i, (int)j, (int)k);
        for (var n = 0; n < 8; n++)
        {
            var (x, y, z) = corners[n];
            if (Math.Abs(low.X - x) <= 1e-8 && Math.Abs(low.Y - y) <= 1e-8 && Math.Abs(low.Z - z) <= 1e-8)
            {
                var (wx, wy, wz) = a.Apply(indices[n].X, indices[n].Y, indices[n].Z);
                return (shape, axes with { M03 = wx, M13 = wy, M23 = wz });
            }
        }

        // No corner is the lowest along all axes: both grids share their centre.
        var (ox, oy, oz) = a.Apply(volume.Shape.I / 2.0, volume.Shape.J / 2.0, volume.Shape.K / 2.0);
        var (nx, ny, nz) = axes.Apply(shape.I / 2.0, shape.J / 2.0, shape.K / 2.0);
        return (shape, axes with { M03 = ox - nx, M13 = oy - ny, M23 = oz - nz });
    }

    /// <summary>Rotation of the old axes times the new spacing, without translation.</summary>
    private static Affine Axes(Affine a, double target)
    {
        // Cholesky of AᵀA gives the upper triangular scale-and-shear part; A times its inverse is the rotation.
        double g00 = (a.M00 * a.M00) + (a.M10 * a.M10) + (a.M20 * a.M20), g11 = (a.M01 * a.M01) + (a.M11 * a.M11) + (a.M21 * a.M21);
        double g22 = (a.M02 * a.M02) + (a.M12 * a.M12) + (a.M22 * a.M22), g01 = (a.M00 * a.M01) + (a.M10 * a.M11) + (a.M20 * a.M21);
        double g02 = (a.M00 * a.M02) + (a.M10 * a.M12) + (a.M20 * a.M22), g12 = (a.M01 * a.M02) + (a.M11 * a.M12) + (a.M21 * a.M22);
        var z00 = Math.Sqrt(g00);
        var z01 = g01 / z00;
        var z02 = g02 / z00;
        var z11 = Math.Sqrt(g11 - (z01 * z01));
        var z12 = (g12 - (z01 * z02)) / z11;
        var z22 = Math.Sqrt(g22 - (z02 * z02) - (z12 * z12));
        var rotation = (a with { M03 = 0, M13 = 0, M23 = 0 }) * new Affine(z00, z01, z02, 0, 0, z11, z12, 0, 0, 0, z22, 0).Inverse();
        var (x, y, z) = a.Spacing;
        return rotation * Affine.Scaling(Keep(x), Keep(y), Keep(z));

        double Keep(double current) => Math.Abs(current - target) <= Tolerance ? current : target;
    }
}
