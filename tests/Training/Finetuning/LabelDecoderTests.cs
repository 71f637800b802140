using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Training.Finetuning;

namespace BrainMVP.Federated.Training.Tests.Finetuning;

public sealed class LabelDecoderTests
{
    private static readonly LabelRegion[] Brats = [LabelRegion.Parse("TC=1+4"), LabelRegion.Parse("WT=1+2+4"), LabelRegion.Parse("ET=4")];

    [Theory]
    [InlineData(0.1, 0.1, 0.1, 0)]
    [InlineData(0.1, 0.9, 0.1, 2)]
    [InlineData(0.9, 0.9, 0.1, 1)]
    [InlineData(0.9, 0.9, 0.9, 4)]
    [InlineData(0.9, 0.2, 0.1, 1)] // no label has the core without the whole: the likelier of 0 and 1
    [InlineData(0.6, 0.05, 0.1, 0)]
    public void The_label_is_the_one_under_which_the_regions_are_most_likely(double core, double whole, double enhancing, int label) =>
        Assert.Equal(label, LabelDecoder.Decode(Brats, [[(float)core], [(float)whole], [(float)enhancing]])[0]);

    [Fact]
    public void It_equals_a_search_over_all_labels_for_any_probabilities()
    {
        var random = new CounterRandom(5, "decoder");
        float[][] probabilities = [.. Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 2000).Select(_ => (float)random.NextDouble()).ToArray())];
        var decoded = LabelDecoder.Decode(Brats, probabilities);
        for (var voxel = 0; voxel < 2000; voxel++)
        {
            var best = new[] { 0, 1, 2, 4 }.MaxBy(label => Brats.Select((r, k) => r.Labels.Contains((byte)label) ? probabilities[k][voxel] : 1.0 - probabilities[k][voxel]).Aggregate(1.0, (a, b) => a * b));
            Assert.Equal(best, decoded[voxel]);
        }
    }
}
