using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Training.Data;
using CsCheck;

namespace BrainMVP.Federated.Training.Tests.Data;

public sealed class SiteDataTests
{
    private static readonly Plan Plan = new() { Modalities = ["t1", "t2"] };

    [Theory]
    [InlineData(1, 0.5, 0)]
    [InlineData(2, 0, 1)]
    [InlineData(2, 0.9, 1)]
    [InlineData(10, 0.2, 2)]
    [InlineData(3755, 0.1, 376)]
    public void At_least_one_case_is_held_out_and_never_all(int cases, double fraction, int heldOut) => Assert.Equal(heldOut, SiteData.HeldOutCount(cases, fraction));

    [Fact]
    public void Split_is_the_same_whatever_the_order_of_the_cases()
    {
        var cases = SyntheticHeads.Create(9, ["t1"], [4, 4, 4], [8, 8, 8]);
        var one = new SiteData(Plan, "north", cases);
        var two = new SiteData(Plan, "north", cases.Reverse());
        Assert.Equal(one.HeldOut.Select(c => c.Subject), two.HeldOut.Select(c => c.Subject));
        Assert.Equal(9, one.HeldOut.Concat(one.Training).Select(c => c.Subject).Distinct().Count());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(40)]
    public void Without_sessions_the_split_is_a_shuffle_of_the_cases_by_name(int count)
    {
        var plan = Plan with { Seed = count };
        var cases = SyntheticHeads.Create(count, ["t1"], [4, 4, 4], [8, 8, 8]);
        var order = Enumerable.Range(0, count).ToArray();
        new CounterRandom((ulong)plan.Seed, "site", "north", "heldOut").Shuffle<int>(order);
        var expected = order[..SiteData.HeldOutCount(count, plan.Training.HeldOut)].Select(i => cases[i].Name).Order(StringComparer.Ordinal);
        Assert.Equal(expected, new SiteData(plan, "north", cases).HeldOut.Select(c => c.Name));
    }

    [Fact]
    public void All_examinations_of_a_subject_are_held_out_or_none()
    {
        // Subject n has 1 + n % 4 examinations; the first of them may have no name of its own.
        var heads = SyntheticHeads.Create(30, ["t1"], [4, 4, 4], [8, 8, 8]);
        var cases = heads.SelectMany((c, n) => Enumerable.Range(0, 1 + (n % 4)).Select(s => c with { Session = s == 0 && n % 2 == 0 ? "" : $"{s}" })).ToArray();
        for (var seed = 1; seed <= 10; seed++)
        {
            var data = new SiteData(Plan with { Seed = seed }, "north", cases);
            Assert.Empty(data.HeldOut.Select(c => c.Subject).Intersect(data.Training.Select(c => c.Subject)));
            Assert.Equal(SiteData.HeldOutCount(30, Plan.Training.HeldOut), data.HeldOut.Select(c => c.Subject).Distinct().Count());
            Assert.Equal(cases.Select(c => c.Name).Order(), data.HeldOut.Concat(data.Training).Select(c => c.Name).Order());
        }
    }

    [Fact]
    public void Each_epoch_uses_every_training_case_once_in_another_order()
    {
        var data = new SiteData(Plan, "north", SyntheticHeads.Create(12, ["t1"], [4, 4, 4], [8, 8, 8]));
        var n = data.Training.Count;
        var first = Enumerable.Range(0, n).Select(i => data.CaseOf(i).Subject).ToArray();
        var second = Enumerable.Range(n, n).Select(i => data.CaseOf(i).Subject).ToArray();
        Assert.Equal(n, first.Distinct().Count());
        Assert.Equal(n, second.Distinct().Count());
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void Owned_modalities_are_those_of_the_plan_in_canonical_order()
    {
        var cases = SyntheticHeads.Create(2, ["t2", "adc"], [4, 4, 4], [8, 8, 8]).Concat(SyntheticHeads.Create(1, ["t1"], [4, 4, 4], [8, 8, 8], "extra"));
        Assert.Equal(["t1", "t2"], new SiteData(Plan, "north", cases).Owned);
    }

    [Fact]
    public void Without_a_usable_case_or_modality_the_site_is_told_so()
    {
        Assert.Equal(ErrorCatalogue.NoUsableCase, Assert.Throws<FederationException>(() => new SiteData(Plan, "north", [])).Code);
        var foreign = SyntheticHeads.Create(2, ["adc"], [4, 4, 4], [8, 8, 8]);
        Assert.Equal(ErrorCatalogue.NoModality, Assert.Throws<FederationException>(() => new SiteData(Plan, "north", foreign)).Code);
    }

    [Fact]
    public void Crops_lie_inside_long_axes_and_centre_short_ones()
    {
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[0, 9999]).Sample((a, b, c, seed) =>
        {
            int[] shape = [a, b, c];
            var start = CropSampler.Draw(shape, [16, 16, 16], new((ulong)seed, "crop"));
            for (var axis = 0; axis < 3; axis++)
            {
                if (shape[axis] >= 16)
                {
                    Assert.InRange(start[axis], 0, shape[axis] - 16);
                }
                else
                {
                    Assert.Equal(-((16 - shape[axis]) / 2), start[axis]);
                }
            }
        });
    }

    [Fact]
    public void A_copied_crop_equals_the_volume_inside_and_zero_outside()
    {
        int[] shape = [5, 7, 6];
        var volume = Enumerable.Range(1, 5 * 7 * 6).Select(i => (float)i).ToArray();
        Gen.Select(Gen.Int[-9, 9], Gen.Int[-9, 9], Gen.Int[-9, 9]).Sample((r0, a0, s0) =>
        {
            var crop = new float[4 * 3 * 8];
            new MemoryVolume(shape, volume).Copy([r0, a0, s0], [4, 3, 8], crop);
            for (var i = 0; i < crop.Length; i++)
            {
                var (r, a, s) = (r0 + (i / 24), a0 + (i / 8 % 3), s0 + (i % 8));
                var inside = r is >= 0 and < 5 && a is >= 0 and < 7 && s is >= 0 and < 6;
                Assert.Equal(inside ? volume[(((r * 7) + a) * 6) + s] : 0, crop[i]);
            }
        });
    }
}
