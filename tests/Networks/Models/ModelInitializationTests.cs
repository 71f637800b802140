using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Losses;
using BrainMVP.Federated.Networks.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Models;

public sealed class ModelInitializationTests
{
    [Fact]
    public void Same_seed_gives_the_same_bits_whatever_the_library_generator_did()
    {
        torch.manual_seed(1);
        using var first = Tiny.Model(seed: 5);
        torch.manual_seed(2);
        using var second = Tiny.Model(seed: 5);
        using var other = Tiny.Model(seed: 6);
        Assert.Equal(Flat(first), Flat(second));
        Assert.NotEqual(Flat(first), Flat(other));
    }

    [Theory]
    [InlineData(Backbones.UniFormer)]
    [InlineData(Backbones.UNet3D)]
    public void Every_parameter_is_set_and_finite(string backbone)
    {
        using var model = Tiny.Model(backbone == Backbones.UNet3D ? Tiny.UNet3D : Tiny.Network);
        foreach (var (_, tensor) in model.State.All)
        {
            using var noGradient = no_grad();
            tensor.fill_(float.NaN);
        }

        ModelInitialization.Apply(model, 1);
        Assert.All(Flat(model), v => Assert.True(float.IsFinite(v)));
    }

    [Fact]
    public void Spread_of_each_layer_kind_follows_its_rule()
    {
        using var model = ReconstructionModel.Create(new NetworkPlan());
        ModelInitialization.Apply(model, 3);
        Assert.Equal(Math.Sqrt(2.0 / (128 * 125)), Deviation(model, "encoder.blocks2.0.attn.weight"), 3e-4);
        Assert.Equal(Math.Sqrt(2.0 / 512), Deviation(model, "encoder.blocks2.0.mlp.fc1.weight"), 1e-3);
        Assert.Equal(1 / Math.Sqrt(320) / Math.Sqrt(3), Deviation(model, "encoder.blocks3.0.attn.qkv.weight"), 1e-4);
        Assert.Equal(1 / Math.Sqrt(320 * 8) / Math.Sqrt(3), Deviation(model, "decoder.decoder5.transp_conv.conv.weight"), 1e-4);
        Assert.Equal(0, Deviation(model, "encoder.patch_embed1.proj.bias"));
    }

    [Fact]
    public void Convolutions_of_the_residual_network_start_as_the_library_makes_them()
    {
        using var model = Tiny.Model(new NetworkPlan { Backbone = Backbones.UNet3D, Widths = [32, 64, 128, 256], Depths = [1, 1, 1, 1] });
        Assert.Equal(1 / Math.Sqrt(128 * 27) / Math.Sqrt(3), Deviation(model, "conv3a.conv1.weight"), 2e-5);
        Assert.Equal(1 / Math.Sqrt(128 * 27) / Math.Sqrt(3), Deviation(model, "ds3.bias"), 1e-3);
        Assert.Equal(0, Deviation(model, "conv3a.gn1.weight"));
    }

    [Fact]
    public void Untrained_full_network_has_the_published_spread_and_an_uninformed_contrastive_loss()
    {
        using var model = ReconstructionModel.Create(new NetworkPlan());
        ModelInitialization.Apply(model, 3);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var (features, volume) = model.call(Tiny.Uniform([6, 1, 32, 32, 32], "input"));
        Assert.InRange(features.std().item<float>(), 0.95, 1.05);
        Assert.InRange(volume.std().item<float>(), 0.050, 0.068);
        var halves = features.chunk(2);
        Assert.InRange(PretrainingLosses.Contrastive(halves[0], halves[1], 1).item<float>(), 1.05, 1.15);
    }

    private static float[] Flat(ReconstructionModel model) => [.. model.State.All.SelectMany(t => ModelState.Elements(t.Value).ToArray())];

    private static double Deviation(ReconstructionModel model, string name)
    {
        var values = ModelState.Elements(model.State.Parameters[name]).ToArray();
        var mean = values.Average(v => (double)v);
        return Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
    }
}
