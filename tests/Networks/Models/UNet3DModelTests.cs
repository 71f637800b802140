using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Models;

namespace BrainMVP.Federated.Networks.Tests.Models;

public sealed class UNet3DModelTests
{
    private static readonly NetworkPlan Published = new() { Backbone = Backbones.UNet3D, Widths = [32, 64, 128, 256], Depths = [1, 2, 2, 4] };

    [Fact]
    public void Full_size_network_has_the_published_parameter_counts()
    {
        using var model = ReconstructionModel.Create(Published);
        var counts = model.State.Parameters.GroupBy(p => p.Key[..p.Key.IndexOf('.', StringComparison.Ordinal)]).ToDictionary(g => g.Key, g => g.Sum(p => p.Value.numel()));
        Assert.Equal(
            new Dictionary<string, long>
            {
                ["conv1a"] = 896,
                ["conv1b"] = 55_488,
                ["ds1"] = 55_360,
                ["conv2a"] = 221_568,
                ["conv2b"] = 221_568,
                ["ds2"] = 221_312,
                ["conv3a"] = 885_504,
                ["conv3b"] = 885_504,
                ["ds3"] = 884_992,
                ["conv4a"] = 3_540_480,
                ["conv4b"] = 3_540_480,
                ["conv4c"] = 3_540_480,
                ["conv4d"] = 3_540_480,
                ["up4conva"] = 32_896,
                ["up4convb"] = 885_504,
                ["up3conva"] = 8_256,
                ["up3convb"] = 221_568,
                ["up2conva"] = 2_080,
                ["up2convb"] = 55_488,
                ["up1conv"] = 33,
            },
            counts);
        Assert.Equal(17_594_112, counts.Where(c => !c.Key.StartsWith("up", StringComparison.Ordinal)).Sum(c => c.Value));
        Assert.Equal(18_799_937, counts.Values.Sum());
    }

    [Fact]
    public void Keys_are_the_published_ones()
    {
        using var model = ReconstructionModel.Create(Published);
        string[] plain = ["conv1a", "ds1", "ds2", "ds3", "up4conva", "up3conva", "up2conva", "up1conv"];
        string[] blocks = ["conv1b", "conv2a", "conv2b", "conv3a", "conv3b", "conv4a", "conv4b", "conv4c", "conv4d", "up4convb", "up3convb", "up2convb"];
        var expected = plain.Concat(blocks.SelectMany(b => (string[])[$"{b}.gn1", $"{b}.conv1", $"{b}.gn2", $"{b}.conv2"]))
            .SelectMany(layer => (string[])[$"{layer}.weight", $"{layer}.bias"]);
        Assert.Equal(expected.Order(StringComparer.Ordinal), model.State.All.Select(t => t.Key));
        Assert.Equal(model.State.All.Select(t => t.Key), model.state_dict().Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void It_has_no_batch_normalisation()
    {
        using var model = Tiny.Model(Tiny.UNet3D);
        Assert.Empty(model.BatchNorms);
        Assert.Empty(model.State.BatchNormNames);
        Assert.Empty(model.State.Statistics);
    }
}
