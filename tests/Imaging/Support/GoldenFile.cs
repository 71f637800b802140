using System.Text.Json;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.Support;

/// <summary>Values of independent implementations, stored under Fixtures.</summary>
internal static class GoldenFile
{
    /// <summary>Of real volumes and windows; the implementation was compared with MONAI 1.4.0 and nibabel.</summary>
    public static JsonElement Imaging { get; } = Read("goldens.json");

    /// <summary>Of metrics and small transforms (make_metric_goldens.py).</summary>
    public static JsonElement Metrics { get; } = Read("metric_goldens.json");

    public static int[] Ints(this JsonElement element) => [.. element.EnumerateArray().Select(v => v.GetInt32())];

    public static double[] Numbers(this JsonElement element) => [.. element.EnumerateArray().Select(Number)];

    /// <summary>A number, or the text NaN or Infinity.</summary>
    public static double Number(this JsonElement element) => element.ValueKind != JsonValueKind.String ? element.GetDouble()
        : element.GetString() == "NaN" ? double.NaN
        : double.PositiveInfinity;

    public static double Number(this JsonElement element, string name) => element.GetProperty(name).Number();

    public static int Int(this JsonElement element, string name) => element.GetProperty(name).GetInt32();

    public static VolumeShape Shape(this JsonElement element, string name) => element.GetProperty(name).Ints() is [var i, var j, var k]
        ? new VolumeShape(i, j, k)
        : throw new ArgumentException(name, nameof(name));

    /// <summary>Equal within a tolerance; NaN equals NaN and infinity itself.</summary>
    public static void AssertClose(double expected, double actual, double tolerance, string what)
    {
        if (!(double.IsFinite(expected) ? Math.Abs(expected - actual) <= tolerance : expected.Equals(actual)))
        {
            Assert.Fail(FormattableString.Invariant($"{what}: {actual:R}, expected {expected:R}."));
        }
    }

    private static JsonElement Read(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", name))).RootElement;
}
