using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Contracts.Tests.Documents;

public sealed class ValidationViewTests
{
    [Fact]
    public void Every_view_is_found_by_its_name()
    {
        var all = ValidationView.All(Modalities.All).ToArray();
        Assert.Equal(8 + (8 * 7), all.Length);
        Assert.Equal(all.Length, all.Select(v => v.Name).Distinct().Count());
        Assert.All(all, v => Assert.Equal(v, ValidationView.Find(v.Name, Modalities.All)));
    }

    [Fact]
    public void Views_come_target_after_target_in_canonical_order_with_the_template_first() =>
        Assert.Equal(["flair", "flair-from-t1", "flair-from-adc", "t1", "t1-from-flair", "t1-from-adc", "adc", "adc-from-flair", "adc-from-t1"], ValidationView.All(["adc", "t1", "flair"]).Select(v => v.Name));

    [Fact]
    public void Sums_add_up_member_by_member() =>
        Assert.Equal(new ValidationSum(3, 30, 5, 50, -0.5), new ValidationSum(1, 10, 2, 20, 0.5) + ValidationSum.Zero + new ValidationSum(2, 20, 3, 30, -1));
}
