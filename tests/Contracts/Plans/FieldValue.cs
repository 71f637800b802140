using System.Collections;
using System.Globalization;

namespace BrainMVP.Federated.Contracts.Tests.Plans;

/// <summary>A plan field's value as the pages show it.</summary>
internal static class FieldValue
{
    public static string Text(object? value) => value switch
    {
        string text => text,
        bool flag => flag ? "true" : "false",
        IEnumerable items => "[" + string.Join(", ", items.Cast<object>()) + "]",
        double number => number.ToString("0.############", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => "",
    };
}
