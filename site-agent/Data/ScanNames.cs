using System.Globalization;
using System.Text.RegularExpressions;
using BrainMVP.Federated.Imaging.Layouts;

namespace BrainMVP.Federated.SiteAgent.Data;

/// <summary>
/// The names under which subjects and examinations stand in a manifest: pseudonyms, and s1, s2, ... for the
/// examinations of a subject in the order of their own names (which are mostly dates or numbers).
/// </summary>
internal sealed partial class ScanNames
{
    private readonly Dictionary<string, string> _subjects = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Subject, string Session), string> _sessions = [];

    /// <param name="pseudonyms">Null keeps the names.</param>
    public ScanNames(ScanFindings findings, Pseudonyms? pseudonyms)
    {
        foreach (var subject in findings.Series.GroupBy(s => s.FullSubject, StringComparer.Ordinal))
        {
            _subjects[subject.Key] = pseudonyms?.Of(subject.Key) ?? subject.Key;
            var sessions = subject.Select(s => s.Session).Distinct(StringComparer.Ordinal).OrderBy(Sortable, StringComparer.Ordinal).ToArray();
            foreach (var (n, session) in sessions.Index())
            {
                _sessions[(subject.Key, session)] = pseudonyms is null || sessions is [""] ? session : string.Create(CultureInfo.InvariantCulture, $"s{n + 1}");
            }
        }
    }

    public string Subject(SeriesFinding finding) => _subjects[finding.FullSubject];

    public string Session(SeriesFinding finding) => _sessions[(finding.FullSubject, finding.Session)];

    /// <summary>study10 comes behind study9.</summary>
    private static string Sortable(string session) => Digits().Replace(session, m => m.Value.PadLeft(20, '0'));

    [GeneratedRegex("[0-9]+", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Digits();
}
