using System.Globalization;
using System.Text;

namespace BrainMVP.Federated.Contracts.Plans;

/// <summary>Writes a plan, or another document of such fields, as YAML with every field, its unit and its range; <see cref="PlanReader"/> reads a plan back to the same hash.</summary>
public static class PlanWriter
{
    public static string Write(object document)
    {
        var text = new StringBuilder();
        var section = "";
        foreach (var field in PlanFields.Relevant(document).OrderBy(f => f.Path.Contains('.', StringComparison.Ordinal)))
        {
            var parts = field.Path.Split('.');
            if (parts.Length > 1 && parts[0] != section)
            {
                section = parts[0];
                text.Append('\n').Append(section).Append(":\n");
            }

            var hint = string.Join(" ", new[] { field.Rule.Unit, field.Range.Length > 0 ? $"[{field.Range}]" : "" }.Where(p => p.Length > 0));
            text.Append(CultureInfo.InvariantCulture, $"{(parts.Length > 1 ? "  " : "")}{parts[^1]}: {Value(field.Default)}  # {field.Rule.Description}{(hint.Length > 0 ? " " + hint : "")}\n");
        }

        return text.ToString();
    }

    private static string Value(object? value) => value switch
    {
        bool flag => flag ? "true" : "false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        string word => word,
        IReadOnlyList<int> numbers => $"[{string.Join(", ", numbers)}]",
        IReadOnlyList<string> words => $"[{string.Join(", ", words)}]",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => "",
    };
}
