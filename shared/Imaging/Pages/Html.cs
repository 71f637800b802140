using System.Net;
using System.Text;

namespace BrainMVP.Federated.Imaging.Pages;

/// <summary>Text that goes into a page.</summary>
public static class Html
{
    /// <summary>For element content and quoted attributes. Control characters, which no page may hold, become a replacement sign.</summary>
    public static string Escape(string text) => WebUtility.HtmlEncode(
        text.AsSpan().ContainsAnyInRange('\0', '\u001f') || text.Any(char.IsSurrogate) ? Clean(text) : text);

    /// <summary>Lower-case letters, digits and hyphens of a name, for an id; "case" when nothing remains.</summary>
    public static string Slug(string name)
    {
        var slug = new StringBuilder();
        foreach (var letter in name.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(letter))
            {
                slug.Append(letter);
            }
            else if (slug.Length > 0 && slug[^1] != '-')
            {
                slug.Append('-');
            }
        }

        var text = slug.ToString().Trim('-');
        return text.Length == 0 ? "unnamed" : text;
    }

    private static string Clean(string text)
    {
        // Halves of surrogate pairs cannot be written as UTF-8; going through its encoder replaces them.
        var valid = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        return string.Concat(valid.Select(c => c < ' ' && c is not ('\t' or '\n' or '\r') ? '\uFFFD' : c));
    }
}
