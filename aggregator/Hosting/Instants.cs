using System.Globalization;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>The text form of instants in documents.</summary>
public static class Instants
{
    /// <summary>UTC, ISO 8601 with milliseconds.</summary>
    public static string Text(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
