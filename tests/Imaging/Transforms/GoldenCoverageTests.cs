using System.Text.Json;
using BrainMVP.Federated.Imaging.Tests.Metrics;
using BrainMVP.Federated.Imaging.Tests.Support;

namespace BrainMVP.Federated.Imaging.Tests.Transforms;

/// <summary>
/// Every stored golden value has a test: a key that appears in a file and is not listed here, or is listed and has gone,
/// fails. Names of cases and of axis orders are data, written as *.
/// </summary>
public sealed class GoldenCoverageTests
{
    private const string Chain = nameof(GoldenTests.Pretraining_chain_reproduces_the_reference);
    private const string Orders = nameof(GoldenTests.All_48_axis_orders_become_the_same_RAS_volume);
    private const string Windows = nameof(SlidingWindowTests.Windows_of_the_reference_are_reproduced);
    private const string Bell = nameof(SlidingWindowTests.Bell_weights_of_the_reference_are_reproduced);
    private static readonly string[] Statistics = ["shape", "affine", "mean", "std", "min", "max", "samples"];

    private static readonly Dictionary<string, string> Imaging = new[]
    {
        (Chain, "cases/*/files", Array.Empty<string>()),
        (Chain, "cases/*/load", [.. Statistics, "sha256_f32_C_order"]),
        (Chain, "cases/*/orient_RAS", [.. Statistics, "sha256_f32_C_order"]),
        (Chain, "cases/*/spacing_1mm_bilinear", [.. Statistics, "sha256_f32_C_order"]),
        (Chain, "cases/*/center_crop_fg_1", [.. Statistics, "start", "end"]),
        (Chain, "cases/*/percentiles_5_95", []),
        (Chain, "cases/*/percentiles_1_99", []),
        (Chain, "cases/*/scale_5_95_clip", Statistics),
        (Chain, "cases/*/center_crop_fg_2", [.. Statistics, "start", "end"]),
        (Chain, "cases/*/crop_foreground_margin1", ["start", "end"]),
        (Orders, "orientation48/*", ["axcodes", "shape_in", "shape_ras", "affine_ras", "sha256"]),
        (Windows, "windows", ["image", "roi", "overlap", "starts"]),
        (Bell, "gaussian_96", ["min", "max", "sum", "diag", "axis"]),
        ("words, not a value", "note", []),
    }.SelectMany(g => g.Item3.Length == 0 ? [(g.Item2, g.Item1)] : g.Item3.Select(k => ($"{g.Item2}/{k}", g.Item1))).ToDictionary(StringComparer.Ordinal);

    private static readonly Dictionary<string, string[]> Metrics = new(StringComparer.Ordinal)
    {
        ["masks"] = [nameof(DiceTests.Values_of_the_definition_are_reproduced), nameof(HausdorffTests.Values_of_the_definition_are_reproduced)],
        ["binary"] = [nameof(ClassificationTests.Binary_values_of_the_definition_are_reproduced)],
        ["multiclass"] = [nameof(ClassificationTests.Values_over_several_classes_are_reproduced_in_every_variant)],
        ["resize"] = [nameof(ResizeTests.Values_of_the_definition_are_reproduced)],
        ["labels"] = [nameof(LabelResamplingTests.Labels_of_the_reference_are_reproduced)],
        ["unclipped"] = [nameof(PaddedCropTests.Scaling_without_clip_reproduces_the_reference)],
        ["average"] = [nameof(SlidingWindowTests.Averages_of_the_reference_are_reproduced)],
    };

    [Fact]
    public void Every_key_of_the_imaging_goldens_is_named_by_a_test()
    {
        var keys = new SortedSet<string>(StringComparer.Ordinal);
        Collect(GoldenFile.Imaging, "", keys);
        Assert.Equal(Imaging.Keys.Order(StringComparer.Ordinal), keys);
    }

    [Fact]
    public void Every_key_of_the_metric_goldens_is_named_by_a_test() =>
        Assert.Equal(Metrics.Keys.Order(StringComparer.Ordinal), GoldenFile.Metrics.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));

    private static void Collect(JsonElement element, string path, SortedSet<string> keys)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    var name = path is "cases" or "orientation48" ? "*" : property.Name;
                    Collect(property.Value, path.Length == 0 ? name : $"{path}/{name}", keys);
                }

                break;
            case JsonValueKind.Array when element.GetArrayLength() > 0 && element[0].ValueKind == JsonValueKind.Object:
                foreach (var item in element.EnumerateArray())
                {
                    Collect(item, path, keys);
                }

                break;
            default:
                keys.Add(path);
                break;
        }
    }
}
