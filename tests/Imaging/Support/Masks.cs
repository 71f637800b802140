using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Support;

/// <summary>Masks of Fixtures/make_metric_goldens.py, made again from kind and seed.</summary>
internal static class Masks
{
    public static readonly Gen<string> Kind = Gen.Int[0, 5].Select(n => ((string[])["blobs", "noise", "corner", "single", "full", "empty"])[n]);

    public static bool[] Make(string kind, uint seed, VolumeShape shape)
    {
        var lcg = new Lcg(seed);
        int[] sides = [shape.I, shape.J, shape.K];
        switch (kind)
        {
            case "empty":
                return new bool[shape.Count];
            case "full":
                return Where(shape, (_, _, _) => true);
            case "single":
                var spot = sides.Select(lcg.Below).ToArray();
                return Where(shape, (i, j, k) => i == spot[0] && j == spot[1] && k == spot[2]);
            case "noise":
                return [.. Lcg.Image(seed, shape.Count).Select(v => v < 0.3)];
            case "corner":
                var end = sides.Select(n => 1 + lcg.Below(n)).ToArray();
                return Where(shape, (i, j, k) => i < end[0] && j < end[1] && k < end[2]);
            case "blobs":
                var balls = new (int[] Centre, int Square)[1 + lcg.Below(4)];
                for (var n = 0; n < balls.Length; n++)
                {
                    int[] centre = [lcg.Below(shape.I), lcg.Below(shape.J), lcg.Below(shape.K)];
                    balls[n] = (centre, 1 + lcg.Below(14));
                }

                return Where(shape, (i, j, k) => balls.Any(b =>
                    ((i - b.Centre[0]) * (i - b.Centre[0])) + ((j - b.Centre[1]) * (j - b.Centre[1])) + ((k - b.Centre[2]) * (k - b.Centre[2])) <= b.Square));
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, null);
        }
    }

    public static bool[] Where(VolumeShape shape, Func<int, int, int, bool> inside)
    {
        var mask = new bool[shape.Count];
        var at = 0;
        for (var i = 0; i < shape.I; i++)
        {
            for (var j = 0; j < shape.J; j++)
            {
                for (var k = 0; k < shape.K; k++)
                {
                    mask[at++] = inside(i, j, k);
                }
            }
        }

        return mask;
    }
}
