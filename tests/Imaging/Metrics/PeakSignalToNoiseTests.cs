using BrainMVP.Federated.Imaging.Metrics;

namespace BrainMVP.Federated.Imaging.Tests.Metrics;

public sealed class PeakSignalToNoiseTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(0.01, 20)]
    [InlineData(0.5, 3.010299956639812)]
    [InlineData(10, -10)]
    public void Ratio_is_ten_logarithms_of_the_inverse_error(double error, double expected) => Assert.Equal(expected, PeakSignalToNoise.Of(error), 1e-12);

    [Theory]
    [InlineData(0)]
    [InlineData(1e-300)]
    [InlineData(1e-11)]
    public void An_exact_copy_has_the_largest_value_and_it_is_finite(double error) => Assert.Equal(PeakSignalToNoise.Maximum, PeakSignalToNoise.Of(error));
}
