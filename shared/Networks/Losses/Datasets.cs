namespace BrainMVP.Federated.Networks.Losses;

/// <summary>Which data set a subject belongs to, by its name.</summary>
public static class Datasets
{
    private static readonly char[] Separators = ['-', '_', '.', ' ', '|'];

    /// <summary>
    /// The part of a subject's name before its first digit without separators at its end: BraTS-MEN of
    /// BraTS-MEN-00001-000, UCSF-PDGM of UCSF-PDGM-0004, BraTS of BraTS2021_00001. Empty for a name that begins with a
    /// digit: all such subjects count as one data set.
    /// </summary>
    public static string Of(string subject)
    {
        var end = subject.AsSpan().IndexOfAnyInRange('0', '9');
        return (end < 0 ? subject : subject[..end]).TrimEnd(Separators);
    }
}
