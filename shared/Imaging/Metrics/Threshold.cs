namespace BrainMVP.Federated.Imaging.Metrics;

/// <summary>Whether a value exactly at the threshold belongs to the mask.</summary>
public enum ThresholdRule
{
    /// <summary>value ≥ threshold (MONAI's AsDiscrete).</summary>
    AtLeast,

    /// <summary>value &gt; threshold (BrainMVP's own test metric).</summary>
    Above,
}

/// <summary>Probabilities to masks. The rule is named by the caller: both are in use, and a sigmoid of 0 is exactly 0.5.</summary>
public static class Threshold
{
    /// <summary>One decision a value; NaN is never inside.</summary>
    public static bool[] Apply(ReadOnlySpan<float> values, ThresholdRule rule, float threshold = 0.5f)
    {
        var mask = new bool[values.Length];
        for (var n = 0; n < mask.Length; n++)
        {
            mask[n] = rule == ThresholdRule.AtLeast ? values[n] >= threshold : values[n] > threshold;
        }

        return mask;
    }
}
