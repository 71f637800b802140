using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Privacy.Templates;

namespace BrainMVP.Federated.Privacy.Tests.Templates;

public sealed class ContributorFloorTests
{
    [Theory]
    [InlineData(0, 2, "own", "no site owns it")]
    [InlineData(0, 2, "reported", "no site reported it")]
    [InlineData(1, 2, "own", "only 1 site owns it, the floor is 2")]
    [InlineData(2, 3, "own", "only 2 sites own it, the floor is 3")]
    [InlineData(1, 2, "reported", "only 1 site reported it, the floor is 2")]
    [InlineData(2, 5, "delivered", "only 2 sites delivered it, the floor is 5")]
    public void Below_the_floor_a_row_is_withheld_with_a_sentence(int contributors, int floor, string stage, string expected) =>
        Assert.Equal(expected, ContributorFloor.Withhold(WithFloor(floor), contributors, stage));

    [Theory]
    [InlineData(2, 2)]
    [InlineData(7, 3)]
    [InlineData(1, 1)]
    public void At_the_floor_a_row_moves(int contributors, int floor) => Assert.Null(ContributorFloor.Withhold(WithFloor(floor), contributors, "own"));

    [Fact]
    public void The_default_floor_is_two() => Assert.NotNull(ContributorFloor.Withhold(new Plan(), 1, "own"));

    private static Plan WithFloor(int floor) => new() { Privacy = new PrivacyPlan { MinimumContributors = floor } };
}
