using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Golden;

public sealed class DownstreamFingerprintTests
{
    [Fact]
    public void Four_modalities_to_three_classes_give_the_published_figures()
    {
        using var model = SegmentationModel.Create(new NetworkPlan(), 4, 3);
        LcgFill.Apply(model.State, name => name);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        model.eval();
        var output = model.call(LcgFill.Input([1, 4, 32, 48, 64]));
        Assert.Single(output.Scales);
        Fingerprint.Check("out", output.Logits, [1, 3, 32, 48, 64], 0.403551, 1.051373, 0.891538, -1.059354, 0.686824, 2.234818);
    }

    [Fact]
    public void Pre_training_decoder_with_its_skip_connections_gives_the_published_figures()
    {
        // The official pre-training decoder holds these levels too; there its head is called out_1.
        using var model = (UniUnetModel)SegmentationModel.Create(new NetworkPlan(), 1, 1, deepSupervision: false);
        LcgFill.Apply(model.State, name => LcgFill.WithoutPrefix(name).Replace("out.conv.conv", "out_1.conv.conv", StringComparison.Ordinal));
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        model.eval();
        var levels = model.Decoder.call(model.Encoder.Features(LcgFill.Input([2, 1, 32, 48, 64])));
        Fingerprint.Check("head", levels[2], [2, 1, 32, 48, 64], -0.556587, 0.885526, 0.837638, -0.662671, -0.536719, -0.406260);
        Moments("decoder4", levels[0], [2, 128, 8, 12, 16], 0.557701, 0.835717);
        Moments("decoder3", levels[1], [2, 64, 16, 24, 32], 0.561066, 0.833690);
    }

    private static void Moments(string name, Tensor tensor, long[] shape, double mean, double std)
    {
        Assert.Equal(shape, tensor.shape);
        var flat = tensor.flatten().to(ScalarType.Float64);
        Fingerprint.Near(name + " mean", mean, flat.mean().item<double>());
        Fingerprint.Near(name + " std", std, flat.std(unbiased: false).item<double>());
    }
}
