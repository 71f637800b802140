namespace BrainMVP.Federated.Contracts.Identity;

/// <summary>The canonical modality names, in the order in which BrainMVP stacks its templates.</summary>
public static class Modalities
{
    public const string Flair = "flair";
    public const string T1 = "t1";
    public const string T1c = "t1c";
    public const string T2 = "t2";
    public const string Mra = "mra";
    public const string Pd = "pd";
    public const string Dwi = "dwi";
    public const string Adc = "adc";

    /// <summary>flair, t1, t1c, t2, mra, pd, dwi, adc.</summary>
    public static IReadOnlyList<string> All { get; } = [Flair, T1, T1c, T2, Mra, Pd, Dwi, Adc];

    /// <summary>Position in <see cref="All"/>, or -1.</summary>
    public static int IndexOf(string modality)
    {
        for (var i = 0; i < All.Count; i++)
        {
            if (string.Equals(All[i], modality, StringComparison.Ordinal))
            {
                return i;
            }
        }

        return -1;
    }
}
