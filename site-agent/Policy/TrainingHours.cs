using System.Globalization;

namespace BrainMVP.Federated.SiteAgent.Policy;

/// <summary>A window of the local day; one whose end is not after its beginning passes midnight.</summary>
/// <param name="Begin">First minute inside.</param>
/// <param name="End">First minute outside again.</param>
public readonly record struct TrainingHours(TimeOnly Begin, TimeOnly End)
{
    /// <summary>Reads <c>HH:mm-HH:mm</c>.</summary>
    public static bool TryParse(string text, out TrainingHours window)
    {
        window = default;
        var parts = text.Split('-');
        if (parts.Length != 2
            || !TimeOnly.TryParseExact(parts[0], "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var begin)
            || !TimeOnly.TryParseExact(parts[1], "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var end))
        {
            return false;
        }

        window = new TrainingHours(begin, end);
        return true;
    }

    /// <summary>Whether training may run at a local time; always when there is no window.</summary>
    public static bool Allow(IReadOnlyList<string> windows, TimeOnly now) =>
        windows.Count == 0 || windows.Any(w => TryParse(w, out var window) && window.Contains(now));

    public bool Contains(TimeOnly now) => Begin < End ? now >= Begin && now < End : now >= Begin || now < End;
}
