using BrainMVP.Federated.Imaging.Phantom;

namespace BrainMVP.Federated.Imaging.Tests.Phantom;

/// <summary>What depends on seed, site, number and scanner, and what does not.</summary>
public sealed class IndependenceTests
{
    [Fact]
    public void Other_seeds_and_sites_are_other_people_and_other_scanners_are_not()
    {
        var request = People.Request with { Disease = PhantomDisease.None, Modalities = ["t2"] };
        float[] Voxels(PhantomRequest r, int number = 0) => PhantomGenerator.Generate(r, number).Volumes["t2"].Voxels;
        var mean = new float[People.Healthy[0].Labels.Voxels.Length];
        foreach (var person in People.Healthy.Skip(1))
        {
            for (var n = 0; n < mean.Length; n++)
            {
                mean[n] += person.Volumes["t2"].Voxels[n] / (People.Healthy.Count - 1);
            }
        }

        // What remains of a head without what all heads have in common, at the places that all heads have.
        float[] Own(float[] voxels)
        {
            var (sum, common) = (0.0, 0.0);
            for (var n = 0; n < mean.Length; n++)
            {
                (sum, common) = (sum + (voxels[n] * (double)mean[n]), common + (mean[n] * (double)mean[n]));
            }

            return [.. voxels.Select((v, n) => v - (float)(sum / common * mean[n]))];
        }

        var own = Own(Voxels(request));
        Assert.InRange(People.Correlation(own, Own(Voxels(request with { Seed = 6 }))), -0.3, 0.3);
        Assert.InRange(People.Correlation(own, Own(Voxels(request with { Site = "south" }))), -0.3, 0.3);
        Assert.InRange(People.Correlation(own, Own(Voxels(request, 1))), -0.3, 0.3);
        Assert.True(People.Correlation(own, Own(Voxels(request with { Scanner = "west" }))) > 0.75);
    }

    [Fact]
    public void Noise_of_modalities_and_scanners_has_nothing_in_common()
    {
        // Muscle-free air around a whole head holds nothing but noise.
        float[] Air(string modality, string scanner) =>
            [.. PhantomGenerator.Generate(People.Request with { WholeHead = true, Disease = PhantomDisease.None, Modalities = [modality], Scanner = scanner }, 0).Volumes[modality].Voxels.Take(6000)];
        var noise = Air("t1", "north");
        Assert.InRange(People.Correlation(noise, Air("t2", "north")), -0.06, 0.06);
        Assert.InRange(People.Correlation(noise, Air("t1", "west")), -0.06, 0.06);
        Assert.Equal(noise, Air("t1", "north"));
    }

    [Fact]
    public void Nobody_lacks_everything_and_what_is_wanted_always_is_always_there()
    {
        var request = People.Request with { Modalities = ["t1", "t1c", "t2", "flair"], Missing = 0.9 };
        var kept = Enumerable.Range(0, 400).Select(n => Kept(request, n)).ToArray();
        Assert.All(kept, k => Assert.NotEmpty(k));
        Assert.True(kept.Select(k => k[0]).Distinct().Count() > 1);
        Assert.All(Enumerable.Range(0, 100).Select(n => Kept(request with { Always = ["t2"] }, n)), k => Assert.Contains("t2", k));
        var some = Enumerable.Range(0, 1000).Sum(n => Kept(request with { Missing = 0.3 }, n).Count);
        Assert.InRange(some, 0.66 * 4000, 0.74 * 4000);
    }

    [Fact]
    public void Asking_for_one_more_modality_takes_none_away()
    {
        var request = People.Request with { Modalities = ["t1", "t2"], Missing = 0.5 };
        Assert.All(Enumerable.Range(0, 200), n =>
        {
            var more = Kept(request with { Modalities = ["t1", "t2", "adc"] }, n);
            Assert.True(Kept(request, n).All(more.Contains) || more is ["adc"]);
        });
    }

    private static IReadOnlyList<string> Kept(PhantomRequest request, int number) => request.ModalitiesOf(PhantomGenerator.SubjectOf(request.Site, number));
}
