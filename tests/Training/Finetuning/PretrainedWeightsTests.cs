using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Finetuning;
using BrainMVP.Federated.Training.Models;
using BrainMVP.Federated.Training.Tests.Interchange;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Tests.Finetuning;

public sealed class PretrainedWeightsTests
{
    [Theory]
    [InlineData(Backbones.UniFormer, TaskKinds.Segmentation)]
    [InlineData(Backbones.UniFormer, TaskKinds.Classification)]
    [InlineData(Backbones.UNet3D, TaskKinds.Segmentation)]
    [InlineData(Backbones.UNet3D, TaskKinds.Classification)]
    public void All_of_the_encoder_is_taken_over_and_its_stem_is_inflated(string backbone, string kind)
    {
        using var tiny = new TinyTask(t => t with { Kind = kind, Network = Network(backbone) });
        var model = Pretrained(tiny);
        using var network = new DownstreamNetwork(tiny.Task);
        var start = PretrainedWeights.Load(network, model, Stems.Inflate);
        using var file = new SafetensorsReader(model);
        Assert.NotEmpty(start.Inflated);
        Assert.DoesNotContain(start.Fresh, n => n.StartsWith("encoder.", StringComparison.Ordinal) || n.StartsWith("conv", StringComparison.Ordinal));
        foreach (var (name, tensor) in network.State.All.Where(t => !start.Fresh.Contains(t.Key)))
        {
            using var scope = NewDisposeScope();
            var (expected, found) = (file.ReadFloats(name), tensor.detach());
            if (start.Inflated.Contains(name))
            {
                // Equal channels give what the one channel gave.
                found = found.sum(1, keepdim: true);
            }

            Assert.Equal(expected, found.contiguous().data<float>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-6);
        }
    }

    [Fact]
    public void A_reinitialised_stem_stays_untrained_also_for_one_channel()
    {
        using var tiny = new TinyTask(t => t with { Modalities = ["t1"] });
        using var network = new DownstreamNetwork(tiny.Task);
        var start = PretrainedWeights.Load(network, Pretrained(tiny), Stems.Reinit);
        Assert.Contains("encoder.patch_embed1.proj.weight", start.Fresh);
        Assert.Contains("decoder.proj1.proj.bias", start.Fresh);
        Assert.Empty(start.Inflated);
    }

    [Fact]
    public void The_encoder_of_another_network_is_refused_by_name_and_shape()
    {
        using var tiny = new TinyTask();
        var model = Pretrained(tiny);
        using var network = new DownstreamNetwork(tiny.Task with { Network = tiny.Task.Network with { Widths = [4, 6, 8, 16] } });
        var error = Fails.With(ErrorCatalogue.LayoutMismatch, () => PretrainedWeights.Load(network, model, Stems.Inflate));
        Assert.Contains("encoder.", error.Message, StringComparison.Ordinal);
    }

    private static NetworkPlan Network(string backbone) => backbone == Backbones.UNet3D
        ? new NetworkPlan { Backbone = backbone, Widths = [8, 8, 8, 8], Depths = [1, 1, 1, 1] }
        : new NetworkPlan { Widths = [4, 6, 8, 12], Depths = [1, 1, 1, 1], HeadWidth = 4, MlpRatio = 2 };

    private static string Pretrained(TinyTask tiny)
    {
        var path = Path.Combine(tiny.Folder, "pretrained.safetensors");
        ModelInitializer.Write(tiny.Task.ToPlan() with { Seed = 9 }, path);
        return path;
    }
}
