using BrainMVP.Federated.Imaging.Quality;
using BrainMVP.Federated.Imaging.Tests.Support;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Quality;

public sealed class MutualInformationTests
{
    private static readonly Gen<(int A, int B)[]> Pairs = Gen.Select(Gen.Int[0, 7], Gen.Int[0, 7]).Array[1, 200];

    [Fact]
    public void Normalised_mutual_information_is_symmetric_between_1_and_2_and_blind_to_the_names_of_bins() => Pairs.Sample(pairs =>
    {
        var value = Of(pairs);
        Assert.InRange(value, 1 - 1e-9, 2 + 1e-9);
        Assert.Equal(value, Of([.. pairs.Select(p => (p.B, p.A))]), 9);
        Assert.Equal(value, Of([.. pairs.Select(p => (7 - p.A, (p.B + 3) % 8))]), 9);
    });

    [Fact]
    public void An_image_determines_itself_and_says_nothing_about_an_independent_one()
    {
        Assert.Equal(2, Of([.. Enumerable.Range(0, 8).Select(n => (n, n))]), 9);
        Assert.Equal(1, Of([.. Enumerable.Range(0, 64).Select(n => (n / 8, n % 8))]), 9);
        Assert.Equal(1, Of([(3, 1), (3, 2), (3, 5)]));
        Assert.Equal(1, new JointHistogram(4).NormalisedMutualInformation());
    }

    [Fact]
    public void A_known_table_has_its_known_value()
    {
        // H(A) = H(B) = log 2; H(A, B) of 3/8, 1/8, 1/8, 3/8.
        var pairs = new[] { (0, 0), (0, 0), (0, 0), (0, 1), (1, 0), (1, 1), (1, 1), (1, 1) };
        var joint = (-2 * 0.375 * Math.Log(0.375)) - (2 * 0.125 * Math.Log(0.125));
        Assert.Equal(2 * Math.Log(2) / joint, Of(pairs), 12);
    }

    [Fact]
    public void Only_the_common_field_of_view_counts()
    {
        var a = Make.Ball(20, 8);
        var b = Make.Volume(20, 20, 20, (i, j, k) => i < 10 ? a[i, j, k] : 1000 - i - j);
        var (inside, covered) = (Array.ConvertAll(a.Voxels, v => v > 0), new bool[a.Voxels.Length]);
        Array.Fill(covered, true, 0, covered.Length / 2);
        Assert.Equal(2, MutualInformation.Normalised(a, b, inside, inside, covered), 9);
        Assert.True(MutualInformation.Normalised(a, b, inside, inside, null) < 1.9);
    }

    private static double Of((int A, int B)[] pairs)
    {
        var histogram = new JointHistogram(8);
        foreach (var (a, b) in pairs)
        {
            histogram.Add(a, b);
        }

        return histogram.NormalisedMutualInformation();
    }
}
