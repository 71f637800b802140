using System.Text;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>
/// One argument of a program with placeholders, for example <c>MI[{ref},{in},1,32]</c>. It stays one argument whatever
/// the placeholders stand for: spaces, quotation marks and line breaks in names have no meaning to anybody.
/// </summary>
public sealed class ArgumentTemplate
{
    private readonly IReadOnlyList<(string Text, bool IsPlaceholder)> _parts;

    private ArgumentTemplate(string text, IReadOnlyList<(string Text, bool IsPlaceholder)> parts)
    {
        Text = text;
        _parts = parts;
    }

    /// <summary>As written in the pipeline file.</summary>
    public string Text { get; }

    /// <summary>Names of the placeholders in it.</summary>
    public IEnumerable<string> Placeholders => _parts.Where(p => p.IsPlaceholder).Select(p => p.Text);

    /// <summary>Reads a template; <c>{{</c> and <c>}}</c> stand for single braces.</summary>
    /// <exception cref="FormatException">A brace is not closed, or a placeholder is unknown; the message says which.</exception>
    public static ArgumentTemplate Parse(string text, IReadOnlyCollection<string> known)
    {
        var parts = new List<(string, bool)>();
        var literal = new StringBuilder();
        for (var n = 0; n < text.Length; n++)
        {
            var twice = n + 1 < text.Length && text[n + 1] == text[n];
            if (text[n] is '{' or '}' && twice)
            {
                literal.Append(text[n++]);
                continue;
            }

            if (text[n] == '}')
            {
                throw new FormatException($"\"{text}\" has a }} without a {{; write }}}} for the character itself");
            }

            if (text[n] != '{')
            {
                literal.Append(text[n]);
                continue;
            }

            var end = text.IndexOf('}', n);
            var name = end < 0 ? throw new FormatException($"\"{text}\" has a {{ that is not closed; write {{{{ for the character itself") : text[(n + 1)..end];
            if (!known.Contains(name))
            {
                throw new FormatException($"{{{name}}} is not a placeholder here; known are {string.Join(", ", known.Select(k => $"{{{k}}}"))}");
            }

            parts.Add((literal.ToString(), false));
            parts.Add((name, true));
            literal.Clear();
            n = end;
        }

        parts.Add((literal.ToString(), false));
        return new ArgumentTemplate(text, [.. parts.Where(p => p.Item2 || p.Item1.Length > 0)]);
    }

    /// <summary>The argument for given values.</summary>
    public string Fill(IReadOnlyDictionary<string, string> values) => string.Concat(_parts.Select(p => p.IsPlaceholder ? values[p.Text] : p.Text));
}
