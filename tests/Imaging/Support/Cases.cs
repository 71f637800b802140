using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.Support;

/// <summary>Prepared cases of random voxels.</summary>
internal static class Cases
{
    public const string Key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    /// <param name="shape">Voxels.</param>
    /// <param name="seed">Of the voxels.</param>
    /// <param name="modalities">One channel each.</param>
    /// <param name="emptyFrom">Voxels from this index along the first axis on are 0.</param>
    public static PreparedCase Random(VolumeShape shape, int seed, string[] modalities, int emptyFrom = int.MaxValue) => new(
        "case", modalities, shape, [.. modalities.Select(m => Channel(shape, new CounterRandom((ulong)seed, m), emptyFrom))], ["A note with an umlaut: ä."]);

    /// <summary>The crop as a triple loop would copy it.</summary>
    public static float[] Crop(float[] volume, VolumeShape shape, int[] start, int[] crop)
    {
        var result = new float[crop[0] * crop[1] * crop[2]];
        for (var n = 0; n < result.Length; n++)
        {
            var (i, j, k) = (start[0] + (n / (crop[1] * crop[2])), start[1] + (n / crop[2] % crop[1]), start[2] + (n % crop[2]));
            if (i >= 0 && j >= 0 && k >= 0 && i < shape.I && j < shape.J && k < shape.K)
            {
                result[n] = volume[(((i * shape.J) + j) * shape.K) + k];
            }
        }

        return result;
    }

    private static float[] Channel(VolumeShape shape, CounterRandom random, int emptyFrom)
    {
        var voxels = new float[shape.Count];
        for (var n = 0; n < voxels.Length; n++)
        {
            // A third background, some values far below one step, some exactly 1.
            var value = random.NextInt32(12) switch { < 4 => 0, 4 => random.NextDouble() * 1e-6, 5 => 1, 6 => 1e-38, _ => random.NextDouble() };
            voxels[n] = n / (shape.J * shape.K) < emptyFrom ? (float)value : 0;
        }

        return voxels;
    }
}
