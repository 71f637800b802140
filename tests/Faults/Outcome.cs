using System.Text.Json;

namespace BrainMVP.Federated.Faults;

/// <summary>What a simulation left, as far as it must be the same with and without faults.</summary>
/// <param name="Model">SHA-256 of the global model.</param>
/// <param name="Templates">SHA-256 by modality.</param>
/// <param name="Sites">Steps and rounds that each site contributed: nothing lost, nothing counted twice.</param>
public sealed record Outcome(string Status, string Model, string Templates, string Sites, IReadOnlyList<FaultOutcome> Faults)
{
    public static Outcome Read(string folder)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "summary.json")));
        var root = document.RootElement;
        return new Outcome(
            root.GetProperty("status").GetString()!,
            root.GetProperty("globalModel").GetProperty("sha256").GetString()!,
            string.Join(", ", root.GetProperty("templates").EnumerateObject().Select(t => $"{t.Name} {t.Value.GetProperty("sha256").GetString()}")),
            string.Join(", ", root.GetProperty("sites").EnumerateArray().Where(s => s.GetProperty("rounds").GetInt32() > 0).Select(s => $"{s.GetProperty("name").GetString()}: {s.GetProperty("rounds").GetInt32()} rounds, {s.GetProperty("steps").GetInt32()} steps")),
            [.. root.GetProperty("faults").EnumerateArray().Select(f => new FaultOutcome(
                f.GetProperty("order").GetString()!, f.GetProperty("reached").GetBoolean(), Seconds(f, "answeredSeconds"), Seconds(f, "firstSiteSeconds")))]);
    }

    private static double? Seconds(JsonElement fault, string name) =>
        fault.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}

/// <summary>An ordered fault in a simulation's summary.</summary>
public sealed record FaultOutcome(string Order, bool Reached, double? Answered, double? FirstSite);
