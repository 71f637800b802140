using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Interchange;
using BrainMVP.Federated.Training.Models;

namespace BrainMVP.Federated.Training.Tests.Interchange;

public sealed class PublishedLayoutTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_published_UniFormer_has_352_tensors_and_105744016_elements()
    {
        var layout = PublishedLayout.Published(Backbones.UniFormer);
        Assert.Equal(352, layout.Tensors.Count);
        Assert.Equal(105_744_016, layout.Elements);
        Assert.Equal(329, layout.Tensors.Count(t => t.Key.StartsWith("encoder.uniformer.", StringComparison.Ordinal)));
        Assert.Equal(22, layout.Tensors.Count(t => t.Key.StartsWith("decoder.", StringComparison.Ordinal)));
        Assert.Equal(22_038_464, Elements(layout, "encoder.", TensorRole.Trained));
        Assert.Equal(1_736_769, Elements(layout, "decoder.", TensorRole.Trained));
        Assert.Equal(10_539_008 + 1_920, Elements(layout, "decoder.", TensorRole.Inactive));
        Assert.Equal(3_855, Elements(layout, "", TensorRole.Statistics) + Elements(layout, "", TensorRole.Counter));
        Assert.Equal([8, 240, 240, 155], layout.Tensors.Single(t => t.Role == TensorRole.Templates).Shape);
    }

    [Fact]
    public void The_published_UNET3D_has_113_tensors_and_90223937_elements()
    {
        var layout = PublishedLayout.Published(Backbones.UNet3D);
        Assert.Equal(113, layout.Tensors.Count);
        Assert.Equal(90_223_937, layout.Elements);
        Assert.Equal(18_799_937, Elements(layout, "", TensorRole.Trained));
        Assert.Equal(17_594_112, layout.Tensors.Where(t => t.Key.StartsWith("conv", StringComparison.Ordinal) || t.Key.StartsWith("ds", StringComparison.Ordinal)).Sum(t => t.Count));
        foreach (var key in new[] { "conv1a.weight", "conv1b.gn1.weight", "ds1.bias", "conv2a.conv1.weight", "conv4d.conv2.bias", "up4conva.weight", "up2convb.gn2.bias", "up1conv.bias" })
        {
            Assert.Contains(layout.Tensors, t => t.Key == key);
        }
    }

    [Theory]
    [InlineData("decoder.decoder5.transp_conv.conv.weight", 512, 320, 2, 2, 2)]
    [InlineData("decoder.decoder5.conv_block.conv1.conv.weight", 320, 640, 3, 3, 3)]
    [InlineData("decoder.decoder2.conv_block.conv3.conv.weight", 64, 128, 1, 1, 1)]
    [InlineData("decoder.proj1.proj.weight", 64, 1, 3, 3, 3)]
    [InlineData("decoder.out_1.conv.conv.weight", 1, 64, 1, 1, 1)]
    [InlineData("encoder.uniformer.patch_embed4.proj.weight", 512, 320, 2, 2, 2)]
    [InlineData("encoder.uniformer.blocks2.3.attn.weight", 128, 1, 5, 5, 5)]
    [InlineData("encoder.uniformer.blocks4.2.attn.qkv.weight", 1536, 512)]
    [InlineData("encoder.uniformer.blocks1.0.mlp.fc1.weight", 256, 64, 1, 1, 1)]
    public void Shapes_are_the_published_ones(string key, params int[] shape) =>
        Assert.Equal(shape.Select(s => (long)s), PublishedLayout.Published(Backbones.UniFormer).Tensors.Single(t => t.Key == key).Shape);

    [Theory]
    [InlineData(Backbones.UniFormer)]
    [InlineData(Backbones.UNet3D)]
    public void Names_and_shapes_are_those_of_the_network_here(string backbone)
    {
        var plan = TinyCheckpoint.Plan(backbone);
        ModelInitializer.Write(plan, _folder["model"]);
        using var model = new SafetensorsReader(_folder["model"]);
        var crossing = TinyCheckpoint.Layout(backbone).Tensors.Where(t => t.Role is TensorRole.Trained or TensorRole.Statistics).OrderBy(t => t.Name, StringComparer.Ordinal).ToArray();
        Assert.Equal(model.Tensors.Keys, crossing.Select(t => t.Name));
        Assert.All(crossing, t => Assert.Equal(model.Tensors[t.Name].Shape, t.Shape));
    }

    private static long Elements(PublishedLayout layout, string prefix, TensorRole role) =>
        layout.Tensors.Where(t => t.Role == role && t.Key.StartsWith(prefix, StringComparison.Ordinal)).Sum(t => t.Count);
}
