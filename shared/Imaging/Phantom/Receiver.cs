using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>Resolution, receive field, gain, and the magnitude of a complex signal with noise in both channels; rounded as scanners store it.</summary>
internal static class Receiver
{
    // The unit of a magnitude image is arbitrary and changes from one examination to the next.
    private const double GainSpread = 0.15;

    /// <summary>Quantiles of the normal distribution: 16 random bits make a draw, out to 4.2 standard deviations.</summary>
    private static readonly float[] Normal = Quantiles(1 << 16);

    public static void Receive(Painting painting, int index, PhantomRequest request, string subject, ScannerPreset scanner, string modality)
    {
        var (shape, signal) = (painting.Shape, painting.Signals[index]);
        Resolution.Blur(signal, painting.Covered, shape, request.SpacingMm, scanner, modality);
        var isMap = modality == Modalities.Adc;
        var field = new ReceiveField(request.Seed, scanner, subject, modality);
        var random = new CounterRandom(request.Seed, "phantom", subject, "noise", scanner.Name, modality);
        var gain = isMap ? 1 : scanner.Gain * Math.Exp(GainSpread * Math.Clamp(random.NextNormal(), -2, 2)) / painting.Brightest[index];
        var level = scanner.Noise * painting.Brightest[index] * (modality is Modalities.Dwi or Modalities.Adc ? 1.6 : 1);

        // A voxel of 4 mm averages the noise of eight of 2 mm, one of 1 mm has eight times its variance in theory;
        // protocols compensate by longer scans, so only part of it is kept.
        level *= request.SpacingMm switch { 1 => 1.5, 2 => 1, _ => 0.6 };
        var at = 0;
        for (var i = 0; i < shape.I; i++)
        {
            for (var j = 0; j < shape.J; j++)
            {
                for (var k = 0; k < shape.K; k++, at++)
                {
                    if (painting.Covered[at] < 0.5f && !request.WholeHead)
                    {
                        signal[at] = 0;
                        continue;
                    }

                    var value = signal[at] * (isMap ? 1 : field.At(i, j, k, shape));
                    var bits = random.NextUInt32();
                    var real = value + (level * Normal[bits & 0xFFFF]);
                    var imaginary = level * Normal[bits >> 16];

                    // A stripped brain has no zero inside: foreground means above zero.
                    signal[at] = (float)Math.Clamp(Math.Round(gain * Math.Sqrt((real * real) + (imaginary * imaginary))), 1, short.MaxValue);
                }
            }
        }
    }

    private static float[] Quantiles(int count)
    {
        const double Step = 1.0 / 2048;
        var quantiles = new float[count];
        var (x, below) = (-6.0, 0.0);
        for (var n = 0; n < count; n++)
        {
            // Midpoint steps of the density up to the share wanted; the last step is cut where it is reached.
            var wanted = (n + 0.5) / count;
            while (true)
            {
                var density = Math.Exp(-0.5 * (x + (Step / 2)) * (x + (Step / 2))) / Math.Sqrt(2 * Math.PI);
                if (below + (density * Step) >= wanted)
                {
                    quantiles[n] = (float)(x + ((wanted - below) / density));
                    break;
                }

                (x, below) = (x + Step, below + (density * Step));
            }
        }

        return quantiles;
    }
}
