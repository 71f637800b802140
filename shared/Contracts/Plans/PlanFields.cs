using System.Globalization;
using System.Reflection;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;

namespace BrainMVP.Federated.Contracts.Plans;

/// <summary>One field of the plan as people see it.</summary>
/// <param name="Path">Dotted camel-case path, for example <c>training.maskRatio</c>.</param>
/// <param name="Since">Protocol version that brought it.</param>
public sealed record PlanFieldInfo(string Path, Type Type, PlanFieldAttribute Rule, object? Default, int Since = 1)
{
    public string Range => Rule.OneOf.Length > 0
        ? string.Join(" | ", Rule.OneOf)
        : double.IsInfinity(Rule.Minimum) && double.IsInfinity(Rule.Maximum)
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $"{Rule.Minimum:R}..{Rule.Maximum:R}");
}

/// <summary>Enumerates the plan's fields from the records themselves, so that documentation cannot differ from code.</summary>
public static class PlanFields
{
    private const int SupervisedSince = 3;
    private const string DownstreamKind = "downstream.kind";
    private static readonly Lazy<Dictionary<string, object?>> Usual = new(() => Of(new Plan()).ToDictionary(f => f.Path, f => f.Default, StringComparer.Ordinal));

    /// <summary>Every field of the given plan, or of another document of such fields, in declaration order.</summary>
    public static IEnumerable<PlanFieldInfo> Of(object document) => Of(document, "", 1);

    /// <summary>The fields that people need to see: of a pre-training's plan those of supervised tasks are left out while they have their defaults.</summary>
    public static IEnumerable<PlanFieldInfo> Relevant(object document) => document is Plan plan && !plan.IsSupervised()
        ? Of(document).Where(f => f.Since < SupervisedSince || f.Path == DownstreamKind || !CanonicalJson.SameContent(f.Default, Usual.Value[f.Path]))
        : Of(document);

    /// <summary>Oldest protocol version that a plan can be run with: that of the newest field that it sets.</summary>
    public static int ProtocolVersionOf(Plan plan)
    {
        return Of(plan).Where(f => !CanonicalJson.SameContent(f.Default, Usual.Value[f.Path])).Select(f => f.Since).Append(Documents.Protocol.OldestVersion).Max();
    }

    /// <summary>The name a property has in YAML and JSON.</summary>
    public static string NameOf(MemberInfo property) => char.ToLowerInvariant(property.Name[0]) + property.Name[1..];

    internal static bool IsSection(PropertyInfo property) => property.GetCustomAttribute<PlanFieldAttribute>() is null;

    private static IEnumerable<PlanFieldInfo> Of(object section, string prefix, int since)
    {
        foreach (var property in section.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.Name == "EqualityContract")
            {
                continue;
            }

            var value = property.GetValue(section);
            var path = prefix + NameOf(property);
            var version = property.GetCustomAttribute<SinceAttribute>()?.Version ?? since;
            if (property.GetCustomAttribute<PlanFieldAttribute>() is { } rule)
            {
                yield return new PlanFieldInfo(path, property.PropertyType, rule, value, version);
            }
            else
            {
                foreach (var field in Of(value!, path + ".", version))
                {
                    yield return field;
                }
            }
        }
    }
}
