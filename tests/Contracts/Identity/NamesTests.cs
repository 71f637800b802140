using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Contracts.Tests.Identity;

public sealed class NamesTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("north-2")]
    [InlineData("0")]
    public void Plain_names_are_allowed(string name) => Assert.Equal(name, Names.Require(name, "site"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("North")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("\u00e9")]
    [InlineData("a.b")]
    public void Names_that_could_leave_their_folder_are_refused(string? name) => Fails.With(ErrorCatalogue.IdentifierInvalid, () => Names.Require(name, "site"));

    [Fact]
    public void Names_have_at_most_63_characters()
    {
        Assert.True(Names.IsValid(new string('a', 63)));
        Assert.False(Names.IsValid(new string('a', 64)));
    }

    [Fact]
    public void Modalities_have_a_fixed_order()
    {
        Assert.Equal(["flair", "t1", "t1c", "t2", "mra", "pd", "dwi", "adc"], Modalities.All);
        Assert.Equal(3, Modalities.IndexOf("t2"));
        Assert.Equal(-1, Modalities.IndexOf("T2"));
    }
}
