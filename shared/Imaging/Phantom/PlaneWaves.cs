using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>
/// Smooth random field: a sum of plane waves in random directions with wavelengths from a band. Isotropic, without a
/// lattice, with an exact gradient; mean 0, standard deviation about 1. Its zero set is a set of winding sheets.
/// </summary>
internal sealed class PlaneWaves
{
    private readonly double[] _kx;
    private readonly double[] _ky;
    private readonly double[] _kz;
    private readonly double[] _phase;
    private readonly double _amplitude;

    /// <param name="random">Stream of the field.</param>
    /// <param name="count">Number of waves.</param>
    /// <param name="shortest">Shortest wavelength, mm.</param>
    /// <param name="longest">Longest wavelength, mm.</param>
    public PlaneWaves(CounterRandom random, int count, double shortest, double longest)
    {
        (_kx, _ky, _kz, _phase) = (new double[count], new double[count], new double[count], new double[count]);
        _amplitude = Math.Sqrt(2.0 / count);
        for (var n = 0; n < count; n++)
        {
            var z = random.NextDouble(-1, 1);
            var (sine, cosine) = Math.SinCos(random.NextDouble(0, 2 * Math.PI));
            var radius = Math.Sqrt(1 - (z * z));
            var k = 2 * Math.PI / random.NextDouble(shortest, longest);
            (_kx[n], _ky[n], _kz[n]) = (k * radius * cosine, k * radius * sine, k * z);
            _phase[n] = random.NextDouble(0, 2 * Math.PI);
        }
    }

    public double At(Point p)
    {
        var sum = 0.0;
        for (var n = 0; n < _kx.Length; n++)
        {
            sum += Math.Cos((_kx[n] * p.X) + (_ky[n] * p.Y) + (_kz[n] * p.Z) + _phase[n]);
        }

        return sum * _amplitude;
    }

    /// <summary>Value and gradient (1/mm).</summary>
    public (double Value, Point Gradient) WithGradient(Point p)
    {
        double sum = 0, gx = 0, gy = 0, gz = 0;
        for (var n = 0; n < _kx.Length; n++)
        {
            var (sine, cosine) = Math.SinCos((_kx[n] * p.X) + (_ky[n] * p.Y) + (_kz[n] * p.Z) + _phase[n]);
            sum += cosine;
            gx -= sine * _kx[n];
            gy -= sine * _ky[n];
            gz -= sine * _kz[n];
        }

        return (sum * _amplitude, new Point(gx, gy, gz) * _amplitude);
    }
}
