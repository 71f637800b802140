using BrainMVP.Federated.Networks.Masking;
using BrainMVP.Federated.Networks.Losses;
using BrainMVP.Federated.Networks.Templates;
using BrainMVP.Federated.Contracts.Randomness;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Templates;

public sealed class TemplateBankTests
{
    private static readonly int[] Canvas = [20, 24, 18];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Gradient_stays_inside_the_masked_part_of_the_crop(bool trained)
    {
        using var bank = new TemplateBank(["t1"], Canvas, TemplateNormalization.Guarded);
        if (trained)
        {
            bank.Set("t1", Values(20 * 24 * 18));
        }

        using var scope = NewDisposeScope();
        int[] start = [6, -4, 8];
        var mask = tensor(GridMask.Draw([16, 16, 16], 4, 0.5, new CounterRandom(1, "mask"))).reshape(16, 16, 16);
        var target = Tiny.Uniform([16, 16, 16], "target");
        var view = MaskedViews.Fill(target, mask, TemplateBank.Crop(bank.Normalized("t1"), start, [16, 16, 16]));
        PretrainingLosses.Reconstruction(view, Tiny.Uniform([16, 16, 16], "other")).backward();
        var gradient = bank.Templates["t1"].grad!;
        var moved = 0;
        for (var r = 0; r < 20; r++)
        {
            for (var a = 0; a < 24; a++)
            {
                for (var s = 0; s < 18; s++)
                {
                    var (cr, ca, cs) = (r - start[0], a - start[1], s - start[2]);
                    var inside = cr is >= 0 and < 16 && ca is >= 0 and < 16 && cs is >= 0 and < 16;
                    var value = gradient[r, a, s].item<float>();
                    if (inside && mask[cr, ca, cs].item<bool>())
                    {
                        moved += value != 0 ? 1 : 0;
                    }
                    else
                    {
                        Assert.Equal(0, value);
                    }
                }
            }
        }

        Assert.True(moved > 500);
    }

    [Fact]
    public void A_modality_that_no_sample_uses_has_no_gradient()
    {
        using var bank = new TemplateBank(["t1", "t2"], Canvas, TemplateNormalization.Guarded);
        using var scope = NewDisposeScope();
        bank.Normalized("t1").sum().backward();
        Assert.NotNull(bank.Templates["t1"].grad);
        Assert.Null(bank.Templates["t2"].grad);
    }

    [Fact]
    public void Zero_template_has_an_ordinary_gradient_when_guarded_and_a_singular_one_when_faithful()
    {
        Assert.Equal(1, LargestGradient(TemplateNormalization.Guarded));
        Assert.InRange(LargestGradient(TemplateNormalization.Faithful), 1e8, 2e9);

        static float LargestGradient(TemplateNormalization normalization)
        {
            using var bank = new TemplateBank(["t1"], Canvas, normalization);
            using var scope = NewDisposeScope();
            TemplateBank.Crop(bank.Normalized("t1"), [0, 0, 0], [16, 16, 16]).sum().backward();
            return bank.Templates["t1"].grad!.abs().max().item<float>();
        }
    }

    [Theory]
    [InlineData(TemplateNormalization.Guarded)]
    [InlineData(TemplateNormalization.Faithful)]
    public void Normalised_template_spans_zero_to_one_whatever_its_gauge(TemplateNormalization normalization)
    {
        using var bank = new TemplateBank(["t1"], Canvas, normalization);
        using var scope = NewDisposeScope();
        var values = Values(20 * 24 * 18);
        bank.Set("t1", values);
        var plain = bank.Normalized("t1").detach().clone();
        bank.Set("t1", values.Select(v => (3 * v) - 7).ToArray());
        var shifted = bank.Normalized("t1");
        Assert.Equal(0, plain.min().item<float>(), 1e-6f);
        Assert.Equal(1, plain.max().item<float>(), 1e-6f);
        Assert.True(plain.allclose(shifted, 1e-4, 1e-5));
    }

    [Fact]
    public void A_guarded_template_of_small_range_is_used_as_it_is()
    {
        using var bank = new TemplateBank(["t1"], Canvas, TemplateNormalization.Guarded);
        using var scope = NewDisposeScope();
        bank.Set("t1", Values(20 * 24 * 18).Select(v => (0.1f * v) - 0.05f).ToArray());
        Assert.True(bank.Normalized("t1").equal(bank.Templates["t1"]).all().item<bool>());
    }

    [Fact]
    public void A_crop_takes_canvas_voxels_inside_and_zero_outside()
    {
        var values = Values(20 * 24 * 18);
        Gen.Select(Gen.Int[-20, 24], Gen.Int[-20, 28], Gen.Int[-20, 22]).Sample(
            (r0, a0, s0) =>
            {
                using var scope = NewDisposeScope();
                var volume = tensor(values).reshape(20, 24, 18);
                var crop = TemplateBank.Crop(volume, [r0, a0, s0], [16, 16, 16]);
                Assert.Equal([16L, 16L, 16L], crop.shape);
                var flat = crop.contiguous().data<float>().ToArray();
                for (var i = 0; i < flat.Length; i++)
                {
                    var (r, a, s) = (r0 + (i / 256), a0 + (i / 16 % 16), s0 + (i % 16));
                    var inside = r is >= 0 and < 20 && a is >= 0 and < 24 && s is >= 0 and < 18;
                    Assert.Equal(inside ? values[(((r * 24) + a) * 18) + s] : 0, flat[i]);
                }
            },
            iter: 60,
            threads: 1);
    }

    private static float[] Values(int count)
    {
        var random = new CounterRandom(3, "template");
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.NextDouble(0.5, 2))];
    }
}
