using System.Runtime.Intrinsics;
using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>
/// Smooth random field: a sum of plane waves in random directions with wavelengths from a band. Isotropic, without a
/// lattice, with an exact gradient; mean 0, standard deviation about 1. Its zero set is a set of winding sheets.
/// Eight waves are evaluated together. Only additions, multiplications and rounding are used, in a fixed order, so
/// that every processor gives the same numbers; the error is below 2e-6 a wave.
/// </summary>
internal sealed class PlaneWaves
{
    private const int Lanes = 8;

    // In turns a millimetre: the reduction to one period is then a rounding.
    private readonly Vector256<float>[] _kx;
    private readonly Vector256<float>[] _ky;
    private readonly Vector256<float>[] _kz;
    private readonly Vector256<float>[] _phase;
    private readonly Vector256<float>[] _weight;

    /// <param name="random">Stream of the field.</param>
    /// <param name="count">Number of waves.</param>
    /// <param name="shortest">Shortest wavelength, mm.</param>
    /// <param name="longest">Longest wavelength, mm.</param>
    public PlaneWaves(CounterRandom random, int count, double shortest, double longest)
    {
        var waves = new (double X, double Y, double Z, double Phase)[count];
        for (var n = 0; n < count; n++)
        {
            var z = random.NextDouble(-1, 1);
            var (sine, cosine) = Math.SinCos(random.NextDouble(0, 2 * Math.PI));
            var radius = Math.Sqrt(1 - (z * z));
            var k = 1 / random.NextDouble(shortest, longest);
            waves[n] = (k * radius * cosine, k * radius * sine, k * z, random.NextDouble());
        }

        var groups = (count + Lanes - 1) / Lanes;
        var amplitude = count == 0 ? 0 : Math.Sqrt(2.0 / count);
        Vector256<float>[] Pack(Func<int, double> value) =>
            [.. Enumerable.Range(0, groups).Select(g => Vector256.Create([.. Enumerable.Range(g * Lanes, Lanes).Select(n => n < count ? (float)value(n) : 0)]))];

        (_kx, _ky, _kz) = (Pack(n => waves[n].X), Pack(n => waves[n].Y), Pack(n => waves[n].Z));
        (_phase, _weight) = (Pack(n => waves[n].Phase), Pack(_ => amplitude));
    }

    private PlaneWaves() => (_kx, _ky, _kz, _phase, _weight) = ([], [], [], [], []);

    /// <summary>The field that is 0 everywhere.</summary>
    public static PlaneWaves None { get; } = new();

    public double At(Point p)
    {
        var (x, y, z) = (Vector256.Create((float)p.X), Vector256.Create((float)p.Y), Vector256.Create((float)p.Z));
        var sum = Vector256<float>.Zero;
        for (var n = 0; n < _kx.Length; n++)
        {
            var turn = Turn(n, x, y, z);
            sum += _weight[n] * Cosine(turn * turn);
        }

        return Sum(sum);
    }

    /// <summary>Value and gradient (1/mm).</summary>
    public (double Value, Point Gradient) WithGradient(Point p)
    {
        var (x, y, z) = (Vector256.Create((float)p.X), Vector256.Create((float)p.Y), Vector256.Create((float)p.Z));
        Vector256<float> sum = default, gx = default, gy = default, gz = default;
        for (var n = 0; n < _kx.Length; n++)
        {
            var turn = Turn(n, x, y, z);
            var square = turn * turn;
            sum += _weight[n] * Cosine(square);
            var sine = _weight[n] * (turn * SineOverTurn(square));
            gx += sine * _kx[n];
            gy += sine * _ky[n];
            gz += sine * _kz[n];
        }

        const double Slope = -2 * Math.PI;
        return (Sum(sum), new Point(Sum(gx) * Slope, Sum(gy) * Slope, Sum(gz) * Slope));
    }

    /// <summary>Phase in turns, -0.5..0.5.</summary>
    private Vector256<float> Turn(int n, Vector256<float> x, Vector256<float> y, Vector256<float> z)
    {
        var turn = (_kx[n] * x) + (_ky[n] * y) + ((_kz[n] * z) + _phase[n]);
        return turn - Vector256.Round(turn);
    }

    // Least-squares polynomials in t² for cos 2πt and sin(2πt)/t on |t| ≤ 0.5.
    private static Vector256<float> Cosine(Vector256<float> s)
    {
        var p = Vector256.Create(-1.4531124f);
        p = (p * s) + Vector256.Create(7.8001313f);
        p = (p * s) + Vector256.Create(-26.404669f);
        p = (p * s) + Vector256.Create(60.24213f);
        p = (p * s) + Vector256.Create(-85.45666f);
        p = (p * s) + Vector256.Create(64.93939f);
        p = (p * s) + Vector256.Create(-19.739208f);
        p = (p * s) + Vector256.Create(1f);
        return p;
    }

    private static Vector256<float> SineOverTurn(Vector256<float> s)
    {
        var p = Vector256.Create(3.2381374f);
        p = (p * s) + Vector256.Create(-14.899847f);
        p = (p * s) + Vector256.Create(42.025928f);
        p = (p * s) + Vector256.Create(-76.70302f);
        p = (p * s) + Vector256.Create(81.60513f);
        p = (p * s) + Vector256.Create(-41.3417f);
        p = (p * s) + Vector256.Create(6.2831855f);
        return p;
    }

    /// <summary>In a fixed order: the library's sum may differ between processors.</summary>
    private static double Sum(Vector256<float> v)
    {
        var half = v.GetLower() + v.GetUpper();
        return (half[0] + half[1]) + (half[2] + half[3]);
    }
}
