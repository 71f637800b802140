using System.Text.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Models;

namespace BrainMVP.Federated.Networks.Tests.Models;

public sealed class ModelStatisticsTests
{
    private static readonly NetworkPlan UNet3D = new() { Backbone = Backbones.UNet3D, Widths = [32, 64, 128, 256], Depths = [1, 2, 2, 4] };

    [Fact]
    public void Work_of_UniFormer_is_the_published_one_stage_by_stage()
    {
        var statistics = ModelStatistics.Of(new NetworkPlan(), new StepShape());
        Assert.Equal(
            ["encoder.stage1", "encoder.stage2", "encoder.stage3", "encoder.stage4", "encoder.norm", "decoder.decoder5", "decoder.decoder4", "decoder.decoder3", "decoder.decoder2", "decoder.out_1"],
            statistics.Parts.Select(p => p.Name));
        Assert.Equal([16.87, 11.04, 32.96, 2.47], Enumerable.Range(1, 4).Select(s => Giga(statistics, $"encoder.stage{s}")));
        Assert.Equal(63.35, Giga(statistics, "encoder."), 0.011);
        Assert.Equal(5.44, Giga(statistics, "decoder."));
    }

    [Fact]
    public void Work_of_UNet3D_is_the_published_one()
    {
        var statistics = ModelStatistics.Of(UNet3D, new StepShape());
        Assert.Equal(
            "conv1a conv1b ds1 conv2a conv2b ds2 conv3a conv3b ds3 conv4a conv4b conv4c conv4d up4conva up4convb up3conva up3convb up2conva up2convb up1conv",
            string.Join(' ', statistics.Parts.Select(p => p.Name)));
        Assert.Equal(158.2, statistics.Parts.Where(p => !p.Name.StartsWith("up", StringComparison.Ordinal)).Sum(p => p.Products) / 1e9, 0.1);
        Assert.Equal(86.0, Giga(statistics, "up"), 0.1);
        Assert.Equal(244.3, statistics.ForwardProducts / 1e9, 0.1);
    }

    [Fact]
    public void Parts_have_the_published_parameters()
    {
        var statistics = ModelStatistics.Of(new NetworkPlan(), new StepShape { Templates = 8 });
        var parts = statistics.Parts.ToDictionary(p => p.Name, p => p.Parameters);
        Assert.Equal(704 + 154_560, parts["encoder.stage1"]);
        Assert.Equal(65_920 + 739_840, parts["encoder.stage2"]);
        Assert.Equal(328_640 + 9_935_360, parts["encoder.stage3"]);
        Assert.Equal(1_312_256 + 9_500_160, parts["encoder.stage4"]);
        Assert.Equal(1_024, parts["encoder.norm"]);
        Assert.Equal(1_310_720, parts["decoder.decoder5"]);
        Assert.Equal(327_680, parts["decoder.decoder4"]);
        Assert.Equal(65_536, parts["decoder.decoder3"]);
        Assert.Equal(32_768, parts["decoder.decoder2"]);
        Assert.Equal(65, parts["decoder.out_1"]);
        Assert.Equal(23_775_233, statistics.Parameters);
        Assert.Equal(3_855, statistics.BufferElements);
        Assert.Equal(71_424_000, statistics.TemplateElements);
        Assert.Equal(statistics.Parameters, statistics.Tensors.Where(t => t.Trained).Sum(t => t.Shape.Aggregate(1L, (a, b) => a * b)));
        Assert.Equal(18_799_937, ModelStatistics.Of(UNet3D, new StepShape()).Parts.Sum(p => p.Parameters));
    }

    [Theory]
    [InlineData(Backbones.UniFormer, false, 3.04)]
    [InlineData(Backbones.UniFormer, true, 1.80)]
    [InlineData(Backbones.UNet3D, false, 4.20)]
    [InlineData(Backbones.UNet3D, true, 3.30)]
    public void Memory_of_a_96_step_is_near_the_measured_peak(string backbone, bool recomputation, double gigabytes)
    {
        // Measured without an optimiser: no moments.
        var memory = ModelStatistics.Of(backbone == Backbones.UNet3D ? UNet3D : new NetworkPlan(), new StepShape { Recomputation = recomputation }).Memory;
        Assert.InRange((memory.Total - memory.Moments) / 1e9 / gigabytes, 0.85, 1.2);
    }

    [Fact]
    public void A_step_costs_three_forward_passes_for_each_volume_and_more_with_recomputation()
    {
        var plain = ModelStatistics.Of(Tiny.Network, new StepShape { Crop = [32, 32, 32], Volumes = 6, MicroBatches = 2 });
        var again = ModelStatistics.Of(Tiny.Network, new StepShape { Crop = [32, 32, 32], Volumes = 6, MicroBatches = 2, Recomputation = true });
        Assert.Equal(2.0 * 3 * 6 * 2 * plain.ForwardProducts, plain.StepOperations);
        Assert.InRange(again.StepOperations / plain.StepOperations, 1.01, 4 / 3.0);
        Assert.True(again.Memory.Activations < plain.Memory.Activations);
    }

    [Fact]
    public void A_plan_gives_its_own_sizes_and_the_result_is_plain_data()
    {
        var plan = Presets.Create(Presets.Demo);
        var statistics = ModelStatistics.Of(plan);
        Assert.Equal(plan.Modalities.Count, statistics.Templates);
        Assert.Equal(plan.Modalities.Count * 60L * 60 * 40, statistics.TemplateElements);
        Assert.Equal(2.0 * 3 * 6 * statistics.ForwardProducts, statistics.StepOperations);
        Assert.Contains("\"encoder.stage1\"", JsonSerializer.Serialize(statistics), StringComparison.Ordinal);
    }

    private static double Giga(ModelStatistics statistics, string prefix) =>
        Math.Round(statistics.Parts.Where(p => p.Name.StartsWith(prefix, StringComparison.Ordinal)).Sum(p => p.Products) / 1e9, 2);
}
