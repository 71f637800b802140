using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Transforms;

namespace BrainMVP.Federated.Imaging.Tests.Transforms;

public sealed class BratsRegionsTests
{
    [Theory]
    [InlineData(BratsLabels.Until2021, 4)]
    [InlineData(BratsLabels.Since2023, 3)]
    public void Labels_become_core_whole_and_enhancing_tumour(BratsLabels numbering, float enhancing)
    {
        var regions = BratsRegions.From([0, 1, 2, enhancing], numbering);
        Assert.Equal([false, true, false, true], regions.TumourCore);
        Assert.Equal([false, true, true, true], regions.WholeTumour);
        Assert.Equal([false, false, false, true], regions.EnhancingTumour);
    }

    [Fact]
    public void The_resection_cavity_is_no_tumour()
    {
        var (core, whole, enhancing) = BratsRegions.From([4], BratsLabels.Since2023);
        Assert.False(core[0] || whole[0] || enhancing[0]);
    }

    [Theory]
    [InlineData(3, BratsLabels.Until2021)]
    [InlineData(5, BratsLabels.Since2023)]
    [InlineData(0.5, BratsLabels.Since2023)]
    [InlineData(-1, BratsLabels.Until2021)]
    [InlineData(float.NaN, BratsLabels.Until2021)]
    public void Other_values_are_refused_with_their_place(float value, BratsLabels numbering) =>
        Assert.Contains("voxel index 2", Make.Throws(ErrorCatalogue.LabelMapInvalid, () => BratsRegions.From([0, 1, value], numbering)).Message, StringComparison.Ordinal);
}
