namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>A point or direction in millimetres along R, A, S.</summary>
internal readonly record struct Point(double X, double Y, double Z)
{
    public static Point operator +(Point a, Point b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z);

    public static Point operator -(Point a, Point b) => new(a.X - b.X, a.Y - b.Y, a.Z - b.Z);

    public static Point operator *(Point a, double f) => new(a.X * f, a.Y * f, a.Z * f);

    public double Dot(Point b) => (X * b.X) + (Y * b.Y) + (Z * b.Z);

    public double Length => Math.Sqrt(Dot(this));
}

/// <summary>Signed distances in millimetres, negative inside.</summary>
internal static class Shapes
{
    /// <summary>First-order distance to an axis-parallel ellipsoid; exact on the surface.</summary>
    public static double Ellipsoid(Point p, Point centre, double rx, double ry, double rz)
    {
        double x = (p.X - centre.X) / rx, y = (p.Y - centre.Y) / ry, z = (p.Z - centre.Z) / rz;
        var k0 = Math.Sqrt((x * x) + (y * y) + (z * z));
        double gx = x / rx, gy = y / ry, gz = z / rz;
        var k1 = Math.Sqrt((gx * gx) + (gy * gy) + (gz * gz));
        return k1 < 1e-9 ? -Math.Min(rx, Math.Min(ry, rz)) : k0 * (k0 - 1) / k1;
    }

    /// <summary>An ellipsoid with fuller flanks: a mix of the quadratic and the quartic norm.</summary>
    public static double Cushion(Point p, Point centre, double rx, double ry, double rz)
    {
        double x = (p.X - centre.X) / rx, y = (p.Y - centre.Y) / ry, z = (p.Z - centre.Z) / rz;
        double xx = x * x, yy = y * y, zz = z * z;
        var k0 = Math.Sqrt((0.8 * (xx + yy + zz)) + (0.2 * Math.Sqrt((xx * xx) + (yy * yy) + (zz * zz))));
        double gx = x / rx, gy = y / ry, gz = z / rz;
        var k1 = Math.Sqrt((gx * gx) + (gy * gy) + (gz * gz));
        return k1 < 1e-9 ? -Math.Min(rx, Math.Min(ry, rz)) : k0 * (k0 - 1) / k1;
    }

    /// <summary>Tube around a segment whose radius changes linearly.</summary>
    public static double Tube(Point p, Point a, Point b, double ra, double rb)
    {
        Point ab = b - a, ap = p - a;
        var t = Math.Clamp(ap.Dot(ab) / ab.Dot(ab), 0, 1);
        return (ap - (ab * t)).Length - (ra + ((rb - ra) * t));
    }

    /// <summary>Union whose seam is rounded over about <paramref name="k"/> mm.</summary>
    public static double Union(double a, double b, double k)
    {
        var h = Math.Max(k - Math.Abs(a - b), 0) / k;
        return Math.Min(a, b) - (h * h * k * 0.25);
    }

    /// <summary>Intersection whose edge is rounded over about <paramref name="k"/> mm.</summary>
    public static double Intersection(double a, double b, double k) => -Union(-a, -b, k);

    /// <summary>Part of a voxel of side <paramref name="h"/> that lies inside, for a flat boundary at a signed distance.</summary>
    public static double Coverage(double distance, double h) => Math.Clamp(0.5 - (distance / h), 0, 1);

    /// <summary>Part of a voxel that a sheet of a half width covers, at a distance from its middle.</summary>
    public static double Sheet(double distance, double half, double h) => half <= 0 ? 0 : Coverage(distance - half, h) - Coverage(distance + half, h);

    /// <summary>0 below <paramref name="low"/>, 1 above <paramref name="high"/>, smooth between.</summary>
    public static double Step(double low, double high, double x)
    {
        var t = Math.Clamp((x - low) / (high - low), 0, 1);
        return t * t * (3 - (2 * t));
    }
}
