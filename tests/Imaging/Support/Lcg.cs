namespace BrainMVP.Federated.Imaging.Tests.Support;

/// <summary>The generator of Fixtures/make_metric_goldens.py: s·1664525 + 1013904223 mod 2³², of which the upper 24 bits count.</summary>
internal sealed class Lcg(uint state)
{
    public uint Next()
    {
        state = unchecked((state * 1664525) + 1013904223);
        return state >> 8;
    }

    public int Below(int bound) => (int)(Next() % (uint)bound);

    public float Uniform() => Next() / 16777216f;

    /// <summary>Uniform values in [0, 1).</summary>
    public static float[] Image(uint seed, long count)
    {
        var lcg = new Lcg(seed);
        var values = new float[count];
        foreach (ref var value in values.AsSpan())
        {
            value = lcg.Uniform();
        }

        return values;
    }
}
