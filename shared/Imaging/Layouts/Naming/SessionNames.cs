using System.Text.RegularExpressions;

namespace BrainMVP.Federated.Imaging.Layouts.Naming;

/// <summary>Finds the examination in names: study1, ses-02, visit 3, baseline, 2019-04-30.</summary>
internal static partial class SessionNames
{
    private static readonly char[] Separators = ['_', '-', ' ', '.', '|'];

    /// <summary>Takes the first examination out of a text.</summary>
    /// <returns>What is left and the examination, either may be empty.</returns>
    public static (string Other, string Session) Take(string text)
    {
        var match = Session().Match(text);
        if (!match.Success)
        {
            match = Date().Match(text);
        }

        if (!match.Success)
        {
            return (text.Trim(Separators), "");
        }

        var (before, after) = (text[..match.Index].TrimEnd(Separators), text[(match.Index + match.Length)..].TrimStart(Separators));
        return (before.Length == 0 || after.Length == 0 ? before + after : $"{before}_{after}".Trim(Separators), match.Value.Trim(Separators));
    }

    /// <summary>The whole name is one of an examination; also a bare number of six or more digits, as accession numbers are.</summary>
    public static bool IsSession(string name) => Take(name) is ("", { Length: > 0 }) || (name.Length is >= 6 and <= 20 && name.All(char.IsAsciiDigit)) || Words().IsMatch(name);

    [GeneratedRegex(@"(?<![\p{L}\p{Nd}])(?:(?:session|sess|ses|visit|timepoint|tp|study|exam|scan|time|followup|fu|month|week|year|day)[-_ ]?[0-9]{1,4}[a-z]?|ses-[a-z0-9]+|baseline|followup|follow-up|v[0-9]{1,2})(?![\p{L}\p{Nd}])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Session();

    [GeneratedRegex(@"(?<![0-9])(?:19|20)[0-9]{2}(?<s>[-._]?)(?:0[1-9]|1[0-2])\k<s>(?:0[1-9]|[12][0-9]|3[01])(?![0-9])", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Date();

    [GeneratedRegex("^(?:fu|bl|pre|post|preop|postop|pre-op|post-op|[0-9]{4}|[0-9]{1,2})$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Words();
}
