using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Transforms;

public sealed class FlipTests
{
    [Fact]
    public void A_flip_keeps_every_voxel_at_its_place_in_the_world_and_twice_is_nothing() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[1, 5], Gen.Int[1, 5], Gen.Int[0, 7]).Sample((a, b, c, axes) =>
        {
            var source = Make.Volume(a, b, c, (i, j, k) => (i * 100) + (j * 10) + k, Affine.Scaling(-2, 1.5, 3, 4, 5, 6));
            var (i, j, k) = ((axes & 1) != 0, (axes & 2) != 0, (axes & 4) != 0);
            var flipped = Flip.Along(source, i, j, k);
            var back = source.Affine.Inverse() * flipped.Affine;
            for (var n = 0; n < source.Voxels.Length; n++)
            {
                var (x, y, z) = back.Apply(n / (b * c), n / c % b, n % c);
                Assert.Equal(source[(int)Math.Round(x), (int)Math.Round(y), (int)Math.Round(z)], flipped.Voxels[n]);
            }

            var twice = Flip.Along(flipped, i, j, k);
            Assert.Equal(source.Voxels, twice.Voxels);
            Assert.True(source.SharesGridWith(twice));
        });

    [Theory]
    [InlineData(0.49999, true)]
    [InlineData(0.5, false)]
    public void One_coin_flips_all_axes_of_images_and_label_together(double u, bool heads)
    {
        Volume[] volumes = [Make.Volume(2, 3, 4, (i, j, k) => (i * 100) + (j * 10) + k), Make.Volume(2, 3, 4, (i, j, k) => i + j + k == 0 ? 1 : 0)];
        var draws = new GivenDraws(u);
        var result = Flip.AllAxesAtRandom(volumes, draws);
        Assert.True(draws.AllTaken);
        for (var n = 0; n < 2; n++)
        {
            Assert.Equal(heads ? volumes[n].Voxels.Reverse() : volumes[n].Voxels, result[n].Voxels);
        }
    }

    [Fact]
    public void Half_of_many_coins_flip()
    {
        var draws = new CounterDraws(new CounterRandom(3, "flips"));
        Volume[] one = [Make.Volume(1, 1, 2, (_, _, k) => k)];
        Assert.InRange(Enumerable.Range(0, 2000).Count(_ => Flip.AllAxesAtRandom(one, draws)[0][0, 0, 0] == 1), 900, 1100);
    }
}
