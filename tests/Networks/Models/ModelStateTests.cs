using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Models;

namespace BrainMVP.Federated.Networks.Tests.Models;

public sealed class ModelStateTests
{
    [Fact]
    public void Full_size_network_has_the_published_parameter_counts()
    {
        using var model = FullSize();
        Assert.Equal(22_038_464, model.Encoder.parameters().Sum(p => p.numel()));
        Assert.Equal(1_736_769, model.Decoder.parameters().Sum(p => p.numel()));
        Assert.Equal(23_775_233, model.State.Parameters.Values.Sum(p => p.numel()));
    }

    [Fact]
    public void Full_size_encoder_has_the_329_published_keys_and_3855_statistics()
    {
        using var model = FullSize();
        var keys = model.Encoder.state_dict();
        Assert.Equal(ExpectedEncoderKeys().Order(StringComparer.Ordinal), keys.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(329, keys.Count);
        Assert.Equal(3855, model.Encoder.buffers().Sum(b => Math.Max(1, b.numel())));
    }

    [Fact]
    public void Decoder_has_only_the_active_keys()
    {
        using var model = FullSize();
        Assert.Equal(
            [
                "decoder.decoder2.transp_conv.conv.weight [64,64,2,2,2]",
                "decoder.decoder3.transp_conv.conv.weight [128,64,2,2,2]",
                "decoder.decoder4.transp_conv.conv.weight [320,128,2,2,2]",
                "decoder.decoder5.transp_conv.conv.weight [512,320,2,2,2]",
                "decoder.out_1.conv.conv.bias [1]",
                "decoder.out_1.conv.conv.weight [1,64,1,1,1]",
            ],
            model.State.All.Where(t => t.Key.StartsWith("decoder.", StringComparison.Ordinal)).Select(t => $"{t.Key} [{string.Join(',', t.Value.shape)}]"));
    }

    [Fact]
    public void Exchanged_names_are_ordinal_and_without_step_counters()
    {
        using var model = Tiny.Model();
        var names = model.State.All.Select(t => t.Key).ToArray();
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.DoesNotContain(names, n => n.Contains("num_batches_tracked", StringComparison.Ordinal));
        Assert.Contains("encoder.norm.running_mean", names);
    }

    [Fact]
    public void Step_counter_is_set_in_every_batch_normalisation()
    {
        using var model = Tiny.Model();
        model.State.SetBatchesTracked(42);
        var counters = model.named_buffers().Where(b => b.name.EndsWith("num_batches_tracked", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(counters);
        Assert.All(counters, c => Assert.Equal(42, c.buffer.item<long>()));
    }

    [Fact]
    public void Names_of_batch_normalisations_are_their_affine_parameters_and_statistics()
    {
        using var model = FullSize();
        Assert.Equal(15, model.BatchNorms.Count);
        Assert.Equal(60, model.State.BatchNormNames.Count);
        Assert.Equal(30, model.State.Statistics.Count);
        Assert.Subset(model.State.BatchNormNames.ToHashSet(), model.State.Statistics.Keys.ToHashSet());
        Assert.Contains("encoder.blocks1.0.norm1.weight", model.State.BatchNormNames);
        Assert.Contains("encoder.norm.bias", model.State.BatchNormNames);
        Assert.DoesNotContain("encoder.patch_embed1.norm.weight", model.State.BatchNormNames);
        Assert.DoesNotContain("encoder.blocks3.0.norm1.weight", model.State.BatchNormNames);
        Assert.All(model.State.BatchNormNames, name => Assert.Contains(name, model.State.All.Select(t => t.Key)));
    }

    private static UniFormerModel FullSize() => (UniFormerModel)ReconstructionModel.Create(new NetworkPlan());

    private static IEnumerable<string> ExpectedEncoderKeys()
    {
        string[] affine = ["weight", "bias"];
        string[] batchNorm = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
        foreach (var stage in Enumerable.Range(1, 4))
        {
            foreach (var part in (string[])["proj", "norm"])
            {
                foreach (var leaf in affine)
                {
                    yield return $"patch_embed{stage}.{part}.{leaf}";
                }
            }
        }

        int[] depths = [3, 4, 8, 3];
        for (var stage = 1; stage <= 4; stage++)
        {
            string[] layers = stage <= 2 ? ["pos_embed", "conv1", "conv2", "attn", "mlp.fc1", "mlp.fc2"] : ["pos_embed", "attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2"];
            for (var block = 0; block < depths[stage - 1]; block++)
            {
                foreach (var layer in layers)
                {
                    foreach (var leaf in affine)
                    {
                        yield return $"blocks{stage}.{block}.{layer}.{leaf}";
                    }
                }

                foreach (var norm in (string[])["norm1", "norm2"])
                {
                    foreach (var leaf in stage <= 2 ? batchNorm : affine)
                    {
                        yield return $"blocks{stage}.{block}.{norm}.{leaf}";
                    }
                }
            }
        }

        foreach (var leaf in batchNorm)
        {
            yield return $"norm.{leaf}";
        }
    }
}
