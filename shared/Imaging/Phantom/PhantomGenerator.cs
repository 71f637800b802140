using System.Globalization;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>One generated person.</summary>
/// <param name="Subject">SITE-0001.</param>
/// <param name="Volumes">By canonical modality, all on one grid, RAS.</param>
/// <param name="Labels">Lesions on the same grid: 0 none, 1 necrosis, 2 oedema or white-matter lesion, 3 acute infarct, 4 enhancing.</param>
public sealed record PhantomCase(string Subject, IReadOnlyDictionary<string, Volume> Volumes, Volume Labels);

/// <summary>
/// Makes co-registered heads: anatomy → parts of tissues in each voxel → signal equations → receive field → Rician
/// noise. A case depends only on (seed, site, number) and the settings, never on other cases or on threads.
/// </summary>
public static class PhantomGenerator
{
    /// <summary>Field of view along R, A, S in mm.</summary>
    public static (int R, int A, int S) FieldOfViewMm => (240, 240, 160);

    /// <param name="request">Checked by this method.</param>
    /// <param name="number">0-based number of the case.</param>
    public static PhantomCase Generate(PhantomRequest request, int number)
    {
        request.Check();
        var subject = string.Create(CultureInfo.InvariantCulture, $"{request.Site}-{number + 1:D4}");
        var scanner = ScannerPreset.Find(request.Scanner);
        var modalities = request.Modalities.OrderBy(Modalities.IndexOf).ToArray();
        var painting = Paint(request, subject, scanner, modalities);
        var volumes = new Dictionary<string, Volume>(StringComparer.Ordinal);
        for (var n = 0; n < modalities.Length; n++)
        {
            Receive(painting, n, request, subject, scanner, modalities[n]);
            volumes[modalities[n]] = new Volume(painting.Shape, painting.Affine, painting.Signals[n]);
        }

        return new PhantomCase(subject, volumes, new Volume(painting.Shape, painting.Affine, painting.Labels));
    }

    private sealed record Painting(VolumeShape Shape, Affine Affine, float[][] Signals, float[] Labels, float[] Inside, double[] Brightest);

    /// <summary>Noise-free signals. Voxels above 2 mm are means over 2 mm samples, so partial volumes are right.</summary>
    private static Painting Paint(PhantomRequest request, string subject, ScannerPreset scanner, string[] modalities)
    {
        double size = request.SpacingMm, h = Math.Min(size, 2);
        var per = (int)(size / h);
        var (r, a, s) = FieldOfViewMm;
        var shape = new VolumeShape(r / request.SpacingMm, a / request.SpacingMm, s / request.SpacingMm);
        var affine = Affine.Scaling(size, size, size, (size - r) / 2, (size - a) / 2, (size - s) / 2);
        var head = new HeadVariation(request.Seed, subject);
        var model = new BrainModel(head);
        var vessels = new VesselTree(request.Seed, subject);
        var lesions = new Lesions(request.Seed, subject, request.Lesions);
        var signals = modalities.Select(_ => new float[shape.Count]).ToArray();
        var (labels, inside) = (new float[shape.Count], new float[shape.Count]);
        var table = SignalTable(modalities, scanner);
        var parts = new double[Tissues.Count];
        var share = 1.0 / (per * per * per);
        for (var i = 0; i < shape.I * per; i++)
        {
            var x = ((i + 0.5) * h) - (r / 2.0);
            for (var j = 0; j < shape.J * per; j++)
            {
                var y = ((j + 0.5) * h) - (a / 2.0);
                for (var k = 0; k < shape.K * per; k++)
                {
                    var z = ((k + 0.5) * h) - (s / 2.0);
                    if (!request.WholeHead && Square(x / 82) + Square(y / 102) + Square(z / 84) > 1)
                    {
                        continue;
                    }

                    var m = head.ToModel(new Point(x, y, z));
                    var envelope = BrainModel.Envelope(m);
                    if (envelope >= h && !request.WholeHead)
                    {
                        continue;
                    }

                    Array.Clear(parts);
                    model.Sample(m, h, envelope, parts);
                    if (request.WholeHead)
                    {
                        HeadTissues.Sample(m, h, envelope, head, parts);
                    }

                    var covered = parts.Sum();
                    if (covered <= 0)
                    {
                        continue;
                    }

                    var label = lesions.Apply(m, h, parts);
                    AddVessels(vessels.Coverage(m, h), covered, parts);
                    var at = ((((i / per) * shape.J) + (j / per)) * shape.K) + (k / per);
                    var texture = 1 + (0.018 * head.Texture.At(m));
                    for (var n = 0; n < signals.Length; n++)
                    {
                        var sum = 0.0;
                        for (var t = 0; t < parts.Length; t++)
                        {
                            sum += parts[t] * table[n][t];
                        }

                        signals[n][at] += (float)(sum * texture * share);
                    }

                    inside[at] += (float)(Math.Min(covered, 1) * share);
                    labels[at] = Math.Max(labels[at], label);
                }
            }
        }

        for (var n = 0; n < labels.Length; n++)
        {
            // Stripping cuts these voxels, so nothing may be labelled there.
            labels[n] = inside[n] < 0.5f ? 0 : labels[n];
        }

        var brightest = table.Select(t => Math.Max(t[(int)Tissue.White], t[(int)Tissue.Cortex])).ToArray();
        return new Painting(shape, affine, signals, labels, inside, brightest);
    }

    private static double[][] SignalTable(string[] modalities, ScannerPreset scanner) => [.. modalities.Select(modality =>
        Enumerable.Range(0, Tissues.Count).Select(t => PulseSequences.Signal(modality, (Tissue)t, scanner.Timings[modality], scanner.Tesla)).ToArray())];

    private static void AddVessels((double Artery, double Vein) vessels, double covered, double[] parts)
    {
        var blood = Math.Min(1, vessels.Artery + vessels.Vein);
        if (blood <= 0)
        {
            return;
        }

        for (var t = 0; t < parts.Length; t++)
        {
            parts[t] *= 1 - blood;
        }

        parts[(int)Tissue.Artery] += covered * vessels.Artery * blood / (vessels.Artery + vessels.Vein);
        parts[(int)Tissue.Vein] += covered * vessels.Vein * blood / (vessels.Artery + vessels.Vein);
    }

    /// <summary>Receive field, gain, and the magnitude of a complex signal with noise in both channels; rounded as scanners store it.</summary>
    private static void Receive(Painting painting, int index, PhantomRequest request, string subject, ScannerPreset scanner, string modality)
    {
        var (shape, signal) = (painting.Shape, painting.Signals[index]);
        var isMap = modality == Modalities.Adc;
        var field = new ReceiveField(request.Seed, scanner, subject, modality);
        var random = new CounterRandom(request.Seed, "phantom", subject, "noise", scanner.Name, modality);
        var gain = isMap ? 1 : scanner.Gain * (1 + (0.06 * Math.Clamp(random.NextNormal(), -2, 2))) / painting.Brightest[index];
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
                    if (painting.Inside[at] < 0.5f && !request.WholeHead)
                    {
                        signal[at] = 0;
                        continue;
                    }

                    var value = signal[at] * (isMap ? 1 : field.At(i, j, k, shape));
                    var real = value + (level * random.NextNormal());
                    var imaginary = level * random.NextNormal();

                    // A stripped brain has no zero inside: foreground means above zero.
                    signal[at] = (float)Math.Max(1, Math.Round(gain * Math.Sqrt((real * real) + (imaginary * imaginary))));
                }
            }
        }
    }

    private static double Square(double x) => x * x;
}
