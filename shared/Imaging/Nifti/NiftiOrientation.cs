using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>
/// Where a header places its voxels: the sform when it has a code, else the qform when it has one, else centred and
/// unturned with the first axis towards the left (nibabel's order). As MONAI's <c>rectify_header_sform_qform</c> does,
/// a qform that agrees with the voxel sizes wins over an sform that does not; unlike there only when the qform has a
/// code, because without one its rotation means nothing.
/// </summary>
internal static class NiftiOrientation
{
    /// <summary>Voxel sizes that anything could have, in mm or by mistake in metres or micrometres.</summary>
    private const double LeastSize = 1e-6;
    private const double GreatestSize = 1e6;

    /// <summary>Volume of the skewed unit voxel below which axes count as parallel.</summary>
    private const double LeastVolume = 1e-4;
    private const double FloatEpsilon = 1.1920928955078125e-07;
    private const double DoubleEpsilon = 2.220446049250313e-16;

    /// <returns>The affine, and what is odd about the header in words, or null.</returns>
    /// <exception cref="FederationException">BMF-1104.</exception>
    public static (Affine Affine, string? Warning) Read(NiftiFields fields, VolumeShape shape, string path)
    {
        var warnings = new List<string>();
        var (qform, sform) = (Code(fields.QformCode, "qform_code", warnings), Code(fields.SformCode, "sform_code", warnings));
        var sizes = Sizes(fields, sform, path, warnings);
        var affine = sform ? FromSform(fields, sizes, qform, path, warnings)
            : qform ? FromQuaternion(fields, sizes, path)
            : Affine.Scaling(-sizes.X, sizes.Y, sizes.Z, sizes.X * (shape.I - 1) / 2.0, -sizes.Y * (shape.J - 1) / 2.0, -sizes.Z * (shape.K - 1) / 2.0);
        if (!sform && !qform)
        {
            warnings.Add("the header gives no orientation (sform_code and qform_code are 0): the first axis is taken to run towards the left");
        }

        Check(affine, path);
        return (affine, warnings.Count == 0 ? null : string.Join("; ", warnings));
    }

    /// <summary>Later steps multiply, invert and take roots of these numbers.</summary>
    private static void Check(Affine affine, string path)
    {
        var (x, y, z) = affine.Spacing;
        if (!affine.IsInvertible || Math.Abs(affine.Determinant) < LeastVolume * x * y * z)
        {
            throw Untrue(path, "its affine cannot be inverted");
        }

        if (Math.Min(x, Math.Min(y, z)) < LeastSize || Math.Max(x, Math.Max(y, z)) > GreatestSize)
        {
            throw Untrue(path, string.Create(CultureInfo.InvariantCulture, $"its voxels are {x} x {y} x {z} mm"));
        }
    }

    /// <summary>Codes beyond those of the standard count as absent, as in nibabel.</summary>
    private static bool Code(int code, string name, List<string> warnings)
    {
        if (code is < 0 or > 5)
        {
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"{name} {code} does not exist and counts as 0"));
        }

        return code is > 0 and <= 5;
    }

    private static (double X, double Y, double Z) Sizes(NiftiFields fields, bool sform, string path, List<string> warnings)
    {
        double x = fields.Size(1), y = fields.Size(2), z = fields.Size(3);
        var text = string.Create(CultureInfo.InvariantCulture, $"pixdim is {x}, {y}, {z}");
        if (!double.IsFinite(x) || !double.IsFinite(y) || !double.IsFinite(z) || (!sform && (x == 0 || y == 0 || z == 0)))
        {
            throw Untrue(path, text);
        }

        if (x < 0 || y < 0 || z < 0)
        {
            warnings.Add($"{text}: the signs are ignored");
        }

        return (Math.Abs(x), Math.Abs(y), Math.Abs(z));
    }

    private static Affine FromSform(NiftiFields fields, (double X, double Y, double Z) sizes, bool qform, string path, List<string> warnings)
    {
        Span<double> rows = stackalloc double[12];
        for (var n = 0; n < 12; n++)
        {
            rows[n] = fields.Sform(n);
        }

        var affine = Affine.FromRows(rows);
        if (Agrees(affine.Spacing, sizes))
        {
            return affine;
        }

        var (x, y, z) = affine.Spacing;
        var text = string.Create(CultureInfo.InvariantCulture, $"the sform has voxels of {x:G6} x {y:G6} x {z:G6} mm and pixdim says {sizes.X:G6} x {sizes.Y:G6} x {sizes.Z:G6} mm");
        if (qform && sizes is { X: > 0, Y: > 0, Z: > 0 } && IsUnit(fields))
        {
            warnings.Add($"{text}: the qform, which agrees with pixdim, is used");
            return FromQuaternion(fields, sizes, path);
        }

        warnings.Add($"{text}: the sform is used");
        return affine;
    }

    /// <summary>numpy's <c>allclose</c>.</summary>
    private static bool Agrees((double X, double Y, double Z) a, (double X, double Y, double Z) b) =>
        Close(a.X, b.X) && Close(a.Y, b.Y) && Close(a.Z, b.Z);

    private static bool Close(double a, double b) => Math.Abs(a - b) <= 1e-8 + (1e-5 * Math.Abs(b));

    private static bool IsUnit(NiftiFields fields) => Remainder(fields) >= -Tolerance(fields);

    private static double Remainder(NiftiFields fields)
    {
        double b = fields.Quaternion(0), c = fields.Quaternion(1), d = fields.Quaternion(2);
        return 1 - ((b * b) + (c * c) + (d * d));
    }

    /// <summary>Rounding of the header's own numbers.</summary>
    private static double Tolerance(NiftiFields fields) => 3 * (fields.IsSecond ? DoubleEpsilon : FloatEpsilon);

    private static Affine FromQuaternion(NiftiFields fields, (double X, double Y, double Z) sizes, string path)
    {
        double b = fields.Quaternion(0), c = fields.Quaternion(1), d = fields.Quaternion(2);
        if (!IsUnit(fields))
        {
            throw Untrue(path, string.Create(CultureInfo.InvariantCulture, $"its quaternion ({b}, {c}, {d}) is longer than 1"));
        }

        // A remainder within rounding is half a turn: its square root would be a turn of some hundredths of a degree.
        var a = Remainder(fields) < Tolerance(fields) ? 0 : Math.Sqrt(Remainder(fields));
        var s = 2 / ((a * a) + (b * b) + (c * c) + (d * d));
        var (dx, dy) = (sizes.X, sizes.Y);
        var dz = fields.Size(0) == -1 ? -sizes.Z : sizes.Z;
        return new Affine(
            (1 - (s * ((c * c) + (d * d)))) * dx, s * ((b * c) - (a * d)) * dy, s * ((b * d) + (a * c)) * dz, fields.Quaternion(3),
            s * ((b * c) + (a * d)) * dx, (1 - (s * ((b * b) + (d * d)))) * dy, s * ((c * d) - (a * b)) * dz, fields.Quaternion(4),
            s * ((b * d) - (a * c)) * dx, s * ((c * d) + (a * b)) * dy, (1 - (s * ((b * b) + (c * c)))) * dz, fields.Quaternion(5));
    }

    private static FederationException Untrue(string path, string why) => ErrorCatalogue.NiftiHeaderInvalid.With($"{path}: {why}.");
}
