using BrainMVP.Federated.Networks.Losses;
using BrainMVP.Federated.Networks.Models;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Losses;

public sealed class SegmentationLossesTests
{
    private const int Batch = 2, Regions = 3, Side = 4;

    [Fact]
    public void Dice_and_cross_entropy_equal_their_formulas_over_every_scale()
    {
        using var scope = NewDisposeScope();
        var (first, second, truth) = (Logits("first"), Logits("second"), (Logits("truth") > 0).to(ScalarType.Float32));
        var expected = Formula(first, truth, 0.7, 0.3) + Formula(second, truth, 0.7, 0.3);
        Assert.Equal(expected, SegmentationLosses.DiceAndCrossEntropy([first, second], truth, 0.7, 0.3).item<float>(), 1e-5);
    }

    [Fact]
    public void A_certain_and_right_prediction_costs_nothing_and_a_wrong_one_all()
    {
        using var scope = NewDisposeScope();
        var truth = (Logits("truth") > 0).to(ScalarType.Float32);
        Assert.Equal(0, SegmentationLosses.SoftDice((truth - 0.5) * 200, truth).item<float>(), 1e-5);
        Assert.True(SegmentationLosses.SoftDice((0.5 - truth) * 200, truth).item<float>() > 0.97);
    }

    [Fact]
    public void A_region_that_nobody_has_and_nobody_predicts_costs_nothing()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(0, SegmentationLosses.SoftDice(full([Batch, Regions, Side, Side, Side], -200f), zeros([Batch, Regions, Side, Side, Side])).item<float>(), 1e-6);
    }

    [Fact]
    public void Consistency_is_the_mean_squared_difference_of_the_two_copies()
    {
        using var scope = NewDisposeScope();
        var features = Logits("features");
        var (a, b) = (ModelState.Elements(features[0].contiguous()).ToArray(), ModelState.Elements(features[1].contiguous()).ToArray());
        Assert.Equal(a.Zip(b, (x, y) => Math.Pow(x - y, 2)).Average(), SegmentationLosses.Consistency(features).item<float>(), 1e-5);
        Assert.Equal(0, SegmentationLosses.Consistency(cat([features, features])).item<float>());
    }

    private static Tensor Logits(string name) => (Tiny.Uniform([Batch, Regions, Side, Side, Side], name) - 0.5) * 6;

    /// <summary>The definition, element by element.</summary>
    private static double Formula(Tensor logits, Tensor truth, double diceWeight, double crossEntropyWeight)
    {
        var (x, g) = (ModelState.Elements(logits.contiguous()).ToArray(), ModelState.Elements(truth.contiguous()).ToArray());
        var voxels = Side * Side * Side;
        var total = 0.0;
        for (var region = 0; region < Regions; region++)
        {
            var (both, sizes, entropy) = (0.0, 0.0, 0.0);
            for (var sample = 0; sample < Batch; sample++)
            {
                for (var n = 0; n < voxels; n++)
                {
                    var at = (((sample * Regions) + region) * voxels) + n;
                    var p = 1 / (1 + Math.Exp(-x[at]));
                    both += p * g[at];
                    sizes += (p * p) + (g[at] * g[at]);
                    entropy -= (g[at] * Math.Log(p)) + ((1 - g[at]) * Math.Log(1 - p));
                }
            }

            total += (diceWeight * (1 - (((2 * both) + 1) / (sizes + 1)))) + (crossEntropyWeight * entropy / (Batch * voxels));
        }

        return total / Regions;
    }
}
