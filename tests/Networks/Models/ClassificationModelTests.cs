using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Models;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Models;

public sealed class ClassificationModelTests
{
    [Theory]
    [InlineData(Backbones.UniFormer, 22_040_000 + (512 * 5) + 5)]
    [InlineData(Backbones.UNet3D, 17_594_112 + (3 * 27 * 32) + (256 * 5) + 5)]
    public void Full_size_network_is_the_encoder_and_one_linear_layer(string backbone, long expected)
    {
        using var model = new ClassificationModel(new NetworkPlan { Backbone = backbone, Widths = Backbones.PublishedWidths(backbone), Depths = Backbones.PublishedDepths(backbone) }, 4, 5);
        Assert.Equal(expected, model.State.Parameters.Values.Sum(p => p.numel()));
    }

    [Theory]
    [InlineData(Backbones.UniFormer)]
    [InlineData(Backbones.UNet3D)]
    public void Encoder_keys_are_those_of_pre_training(string backbone)
    {
        var plan = backbone == Backbones.UNet3D ? Tiny.UNet3D : Tiny.Network;
        using var pretrained = Tiny.Model(plan);
        using var model = new ClassificationModel(plan, 1, 2);
        Assert.Subset(pretrained.State.All.Select(t => t.Key).ToHashSet(), model.State.All.Select(t => t.Key).Where(k => !k.StartsWith("head.", StringComparison.Ordinal)).ToHashSet());
    }

    [Theory]
    [InlineData(Backbones.UniFormer, 12)]
    [InlineData(Backbones.UNet3D, 24)]
    public void Logits_are_linear_in_the_averaged_features(string backbone, int width)
    {
        using var model = new ClassificationModel(backbone == Backbones.UNet3D ? Tiny.UNet3D : Tiny.Network, 2, 3);
        ModelInitialization.Apply(model, 1);
        using var scope = NewDisposeScope();
        var output = model.call(Tiny.Uniform([2, 2, 32, 32, 48], "volumes"));
        Assert.Equal([2L, width], output.Features.shape[..2]);
        var expected = nn.functional.linear(output.Features.mean([2, 3, 4]), model.State.Parameters["head.weight"], model.State.Parameters["head.bias"]);
        Close.Check("logits", expected, output.Logits);
        BackwardPass.Run(nn.functional.cross_entropy(output.Logits, tensor(new long[] { 0, 2 })));
        Assert.All(model.State.Parameters, p => Assert.NotNull(p.Value.grad));
    }
}
