using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Transforms;

namespace BrainMVP.Federated.Imaging.Tests.Transforms;

public sealed class RandomIntensityTests
{
    [Fact]
    public void One_offset_moves_all_channels_and_the_background()
    {
        float[][] channels = [[0, 0.5f], [1, 0]];
        var draws = new GivenDraws(0.999, 0.75);
        Assert.Equal(0.05f, RandomIntensity.Shift(channels, draws));
        Assert.True(draws.AllTaken);
        Assert.Equal([0.05f, 0.5f + 0.05f], channels[0]);
        Assert.Equal([1.05f, 0.05f], channels[1]);
    }

    [Fact]
    public void One_factor_scales_all_channels()
    {
        float[][] channels = [[0, 0.5f], [1, -2]];
        Assert.Equal(0.9f, RandomIntensity.Scale(channels, new GivenDraws(0, 0)));
        Assert.Equal([0, 0.5f * 0.9f], channels[0]);
        Assert.Equal([0.9f, -1.8f], channels[1]);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.9)]
    public void Nothing_happens_and_no_amount_is_drawn_unless_u_is_below_the_probability(double u)
    {
        float[][] channels = [[0.25f]];
        var draws = new GivenDraws(u);
        Assert.Equal(0, RandomIntensity.Shift(channels, draws, 0.1, probability: 0.3));
        Assert.Equal(1, RandomIntensity.Scale(channels, new GivenDraws(u), 0.1, probability: 0.3));
        Assert.True(draws.AllTaken);
        Assert.Equal(0.25f, channels[0][0]);
    }

    [Fact]
    public void Amounts_fill_their_range()
    {
        var draws = new CounterDraws(new CounterRandom(1, "intensity"));
        var offsets = Enumerable.Range(0, 4000).Select(_ => RandomIntensity.Shift([], draws)).ToArray();
        Assert.All(offsets, o => Assert.InRange(o, -0.1f, 0.1f));
        Assert.InRange(offsets.Average(), -0.005, 0.005);
        Assert.True(offsets.Min() < -0.099f && offsets.Max() > 0.099f);
    }
}
