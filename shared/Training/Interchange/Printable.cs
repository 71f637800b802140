namespace BrainMVP.Federated.Training.Interchange;

/// <summary>Names from files of strangers, fit for a terminal: short and without control characters.</summary>
internal static class Printable
{
    private const int Longest = 120;

    public static string Text(string text) =>
        new string([.. text.Take(Longest).Select(c => char.IsControl(c) ? '?' : c)]) + (text.Length > Longest ? "…" : "");
}
