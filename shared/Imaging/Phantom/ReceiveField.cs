using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>Smooth multiplicative sensitivity: exp of a quadratic polynomial, mostly the scanner's coil, a little the person's position.</summary>
internal sealed class ReceiveField
{
    private readonly double[] _c = new double[9];

    public ReceiveField(ulong seed, ScannerPreset scanner, string subject, string modality)
    {
        var coil = new CounterRandom(20240614, "phantom", "coil", scanner.Name);
        var person = new CounterRandom(seed, "phantom", subject, "receive", scanner.Name, modality);
        for (var n = 0; n < _c.Length; n++)
        {
            _c[n] = scanner.Bias * ((0.8 * Math.Clamp(coil.NextNormal(), -2, 2)) + (0.4 * Math.Clamp(person.NextNormal(), -2, 2)));
        }
    }

    public double At(int i, int j, int k, Volumes.VolumeShape shape)
    {
        // -1..1 over the head rather than over the field of view.
        double x = ((2.0 * i / shape.I) - 1) * 1.5, y = ((2.0 * j / shape.J) - 1) * 1.25, z = ((2.0 * k / shape.K) - 1) * 1.1;
        return Math.Exp((_c[0] * x) + (_c[1] * y) + (_c[2] * z) + (_c[3] * x * y) + (_c[4] * x * z) + (_c[5] * y * z)
            + (_c[6] * ((x * x) - 0.3)) + (_c[7] * ((y * y) - 0.3)) + (_c[8] * ((z * z) - 0.3)));
    }
}
