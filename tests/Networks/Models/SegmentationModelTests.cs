using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Models;

public sealed class SegmentationModelTests
{
    private static readonly NetworkPlan PublishedUNet3D = new() { Backbone = Backbones.UNet3D, Widths = [32, 64, 128, 256], Depths = [1, 2, 2, 4] };

    [Theory]
    [InlineData(4, 3, false, 34_323_011)]
    [InlineData(4, 3, true, 34_323_593)]
    [InlineData(3, 1, true, 34_320_835)]
    [InlineData(1, 1, true, 34_316_355)]
    public void UniUnet_has_the_published_parameter_counts(int modalities, int classes, bool deepSupervision, long expected)
    {
        using var model = SegmentationModel.Create(new NetworkPlan(), modalities, classes, deepSupervision);
        Assert.Equal(expected, model.State.Parameters.Values.Sum(p => p.numel()));
    }

    [Fact]
    public void UNet3D_has_the_published_parameter_count()
    {
        using var model = SegmentationModel.Create(PublishedUNet3D, 4, 3);
        Assert.Equal(18_802_595, model.State.Parameters.Values.Sum(p => p.numel()));
    }

    [Theory]
    [InlineData(2, 22_038_976)]
    [InlineData(3, 22_039_488)]
    [InlineData(4, 22_040_000)]
    public void Encoder_has_the_published_parameter_count_for_more_modalities(int modalities, long expected)
    {
        using var model = (UniUnetModel)SegmentationModel.Create(new NetworkPlan(), modalities, 1);
        Assert.Equal(expected, model.Encoder.parameters().Sum(p => p.numel()));
    }

    [Fact]
    public void Decoder_has_the_22_published_keys_and_sizes()
    {
        using var model = (UniUnetModel)SegmentationModel.Create(new NetworkPlan(), 1, 1, deepSupervision: false);
        var parameters = model.Decoder.named_parameters().ToDictionary(p => p.name, p => p.parameter.shape);
        var expected = new Dictionary<string, long[]>
        {
            ["proj1.proj.weight"] = [64, 1, 3, 3, 3],
            ["proj1.proj.bias"] = [64],
            ["proj1.norm.weight"] = [64],
            ["proj1.norm.bias"] = [64],
            ["out.conv.conv.weight"] = [1, 64, 1, 1, 1],
            ["out.conv.conv.bias"] = [1],
        };
        foreach (var (level, below, width) in ((int, long, long)[])[(5, 512, 320), (4, 320, 128), (3, 128, 64), (2, 64, 64)])
        {
            expected.Add($"decoder{level}.transp_conv.conv.weight", [below, width, 2, 2, 2]);
            expected.Add($"decoder{level}.conv_block.conv1.conv.weight", [width, 2 * width, 3, 3, 3]);
            expected.Add($"decoder{level}.conv_block.conv2.conv.weight", [width, width, 3, 3, 3]);
            expected.Add($"decoder{level}.conv_block.conv3.conv.weight", [width, 2 * width, 1, 1, 1]);
        }

        Assert.Equal(22, parameters.Count);
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), parameters.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, e => Assert.Equal(e.Value, parameters[e.Key]));

        // Without what the pre-training decoder does not move, 12,277,697 become 1,736,769.
        Assert.Equal(12_277_697, parameters.Values.Sum(s => s.Aggregate(1L, (a, b) => a * b)));
        Assert.Equal(10_539_008, parameters.Where(p => p.Key.Contains("conv_block", StringComparison.Ordinal)).Sum(p => p.Value.Aggregate(1L, (a, b) => a * b)));
        Assert.Equal(352, 329 + parameters.Count + 1);
        Assert.Equal(105_744_016, model.State.All.Sum(t => t.Value.numel()) + model.State.BatchNorms.Count + (8L * 240 * 240 * 155));
    }

    [Fact]
    public void Pre_trained_tensors_load_by_name_except_the_stem_and_the_head()
    {
        using var pretrained = Tiny.Model();
        using var model = SegmentationModel.Create(Tiny.Network, 2, 3);
        var shapes = model.State.All.ToDictionary(t => t.Key, t => t.Value.shape);
        var missing = pretrained.State.All.Where(t => !shapes.TryGetValue(t.Key, out var shape) || !shape.SequenceEqual(t.Value.shape)).Select(t => t.Key);
        Assert.Equal(["decoder.out_1.conv.conv.bias", "decoder.out_1.conv.conv.weight", "encoder.patch_embed1.proj.weight"], missing);
    }

    [Fact]
    public void Supervised_levels_have_the_size_of_the_volume_and_exist_only_while_training()
    {
        using var model = SegmentationModel.Create(Tiny.Network, 2, 3);
        ModelInitialization.Apply(model, 1);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var volumes = Tiny.Uniform([2, 2, 32, 16, 48], "volumes");
        var output = model.call(volumes);
        Assert.Equal(3, output.Scales.Count);
        Assert.All(output.Scales, s => Assert.Equal([2L, 3, 32, 16, 48], s.shape));
        Assert.Equal([2L, 12, 3, 2, 1], output.Features.shape);
        model.eval();
        Assert.Single(model.call(volumes).Scales);
    }

    [Theory]
    [InlineData(Backbones.UniFormer)]
    [InlineData(Backbones.UNet3D)]
    public void Every_parameter_receives_a_gradient_and_no_tensor_is_left_behind(string backbone)
    {
        using var model = SegmentationModel.Create(backbone == Backbones.UNet3D ? Tiny.UNet3D : Tiny.Network, 2, 3, recomputation: true);
        ModelInitialization.Apply(model, 1);
        Step();
        Step();
        Assert.All(model.State.Parameters, p => Assert.True(p.Value.grad is { } g && g.abs().sum().item<float>() > 0, p.Key));
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Step();
        Step();
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);

        void Step()
        {
            using var scope = NewDisposeScope();
            var output = model.call(Tiny.Uniform([2, 2, 32, 32, 32], "volumes"));
            BackwardPass.Run(output.Scales.Select(s => s.pow(2).mean()).Aggregate((a, b) => a + b));
        }
    }

    [Fact]
    public void Skip_levels_of_the_residual_network_are_added()
    {
        using var model = SegmentationModel.Create(Tiny.UNet3D, 1, 1);
        using var plain = Tiny.Model(Tiny.UNet3D);
        ModelInitialization.Apply(model, 1);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        Assert.Equal(plain.State.Parameters.Keys, model.State.Parameters.Keys);
        var volumes = Tiny.Uniform([1, 1, 16, 16, 16], "volumes");
        Assert.False(model.call(volumes).Logits.allclose(plain.call(volumes).Volume, 1e-2, 1e-3));
    }
}
