using BrainMVP.Federated.Networks.Losses;

namespace BrainMVP.Federated.Networks.Tests.Losses;

public sealed class DatasetsTests
{
    [Theory]
    [InlineData("BraTS-MEN-00001-000", "BraTS-MEN")]
    [InlineData("BraTS-SSA-00158-000", "BraTS-SSA")]
    [InlineData("UCSF-PDGM-0004", "UCSF-PDGM")]
    [InlineData("BraTS2021_00001", "BraTS")]
    [InlineData("IXI012-HH-1211", "IXI")]
    [InlineData("sub-001", "sub")]
    [InlineData("sub-", "sub")]
    [InlineData("phantom", "phantom")]
    [InlineData("0042", "")]
    [InlineData("", "")]
    public void A_data_set_is_the_name_before_the_first_number(string subject, string expected) => Assert.Equal(expected, Datasets.Of(subject));
}
