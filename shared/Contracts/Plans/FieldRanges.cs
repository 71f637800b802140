using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Contracts.Plans;

/// <summary>The ranges that <see cref="PlanFieldAttribute"/> states, checked on a document that did not come from YAML as well.</summary>
internal static class FieldRanges
{
    /// <exception cref="FederationException">The given error, naming the field.</exception>
    public static void Check(object document, ErrorCode outOfRange)
    {
        foreach (var field in PlanFields.Of(document))
        {
            Check(field, outOfRange);
        }
    }

    private static void Check(PlanFieldInfo field, ErrorCode outOfRange)
    {
        IEnumerable<object?> values = field.Default switch
        {
            IReadOnlyList<int> numbers => numbers.Cast<object?>(),
            IReadOnlyList<string> words => words,
            var single => [single],
        };
        var count = 0;
        foreach (var value in values)
        {
            count++;
            var allowed = value switch
            {
                string word => field.Rule.OneOf.Length == 0 || field.Rule.OneOf.Contains(word, StringComparer.Ordinal),
                bool => true,
                IConvertible number => Convert.ToDouble(number, CultureInfo.InvariantCulture) is var d
                    && double.IsFinite(d) && d >= field.Rule.Minimum && d <= field.Rule.Maximum,
                _ => false,
            };
            if (!allowed)
            {
                throw outOfRange.With($"{field.Path} is \"{value}\"; allowed: {field.Range}.");
            }
        }

        if (field.Rule.Items > 0 && count != field.Rule.Items)
        {
            throw outOfRange.With($"{field.Path} has {count} items; it must have {field.Rule.Items}.");
        }
    }
}
