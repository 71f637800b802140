using BrainMVP.Federated.Imaging.Phantom;

namespace BrainMVP.Federated.Imaging.Tests.Phantom;

public sealed class ClassTests
{
    private const int Many = 4000;

    private static readonly PhantomTraits[] Traits = [.. Enumerable.Range(0, Many).Select(n => PhantomTraits.Of(3, PhantomGenerator.SubjectOf("site", n)))];

    [Fact]
    public void Both_classes_are_equally_frequent_and_independent()
    {
        Assert.InRange(Traits.Count(t => t.Central), 0.47 * Many, 0.53 * Many);
        Assert.InRange(Traits.Count(t => t.HighGrade), 0.47 * Many, 0.53 * Many);
        Assert.InRange(Traits.Count(t => t.HighGrade && t.Central), 0.22 * Many, 0.28 * Many);
    }

    [Fact]
    public void Over_all_people_ages_are_uniform() => Assert.All((Func<PhantomTraits, double>[])[t => t.VentricularAge, t => t.SulcalAge], age =>
    {
        for (var tenth = 0; tenth < 10; tenth++)
        {
            Assert.InRange(Traits.Count(t => age(t) >= tenth / 10.0 && age(t) < (tenth + 1) / 10.0), 0.08 * Many, 0.12 * Many);
        }
    });

    [Fact]
    public void The_best_guess_is_right_for_about_95_of_100_people_and_no_sign_alone_suffices()
    {
        // Logarithm of the likelihood ratio, from the generating densities.
        double Ages(PhantomTraits t) => (t.VentricularAge - t.SulcalAge) / 0.13;
        double Iron(PhantomTraits t) => 2 * 1.05 * t.Iron;
        double Right(Func<PhantomTraits, double> score) => Traits.Count(t => score(t) > 0 == t.Central) / (double)Many;
        Assert.InRange(Right(t => Ages(t) + Iron(t)), 0.93, 0.97);
        Assert.InRange(Right(Ages), 0.8, 0.92);
        Assert.InRange(Right(Iron), 0.8, 0.92);
        Assert.InRange(Right(t => t.VentricularAge - 0.5), 0.7, 0.88);
    }

    [Fact]
    public void Images_show_the_class_by_the_place_of_fluid_and_not_by_its_amount()
    {
        var (one, zero) = (People.Healthy.Where(p => p.Class == "1").ToArray(), People.Healthy.Where(p => p.Class == "0").ToArray());
        Assert.NotEmpty(one);
        Assert.NotEmpty(zero);
        Assert.True(one.Average(Place) > 1.3 * zero.Average(Place));

        // The unit of the images changes more from person to person than the fluid does.
        var (first, second) = (one.Average(p => p.Mean("t2", 0)), zero.Average(p => p.Mean("t2", 0)));
        Assert.InRange(first / second, 0.75, 1.33);
    }

    [Fact]
    public void The_class_of_gliomas_is_their_grade() => Assert.All(People.Gliomas, p => Assert.Equal(p.Traits.HighGrade ? "1" : "0", p.Class));

    /// <summary>Bright voxels of the middle of the brain over those of the rest.</summary>
    private static double Place(PhantomCase person)
    {
        var t2 = person.Volumes["t2"];
        var white = t2.Voxels.Where(v => v > 0).Order().ElementAt(t2.Voxels.Count(v => v > 0) / 4);
        var (middle, rest) = (0.0, 0.0);
        for (var n = 0; n < t2.Voxels.Length; n++)
        {
            var (i, j, k) = (n / (t2.Shape.J * t2.Shape.K), n / t2.Shape.K % t2.Shape.J, n % t2.Shape.K);
            var isMiddle = i is >= 22 and < 38 && j is >= 21 and < 44 && k is >= 18 and < 25;
            var fluid = t2.Voxels[n] > 2 * white ? 1 : 0;
            (middle, rest) = isMiddle ? (middle + fluid, rest) : (middle, rest + fluid);
        }

        return middle / rest;
    }
}
