using BrainMVP.Federated.Imaging.Phantom;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Quality;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.Quality;

public sealed class AlignmentTests
{
    private const double Least = 0.96;
    private static readonly Lazy<PhantomCase> Brain = new(() => Person(0, false));
    private static readonly Lazy<PhantomCase> Head = new(() => Person(0, true));

    [Theory]
    [InlineData(false, 8, 0, 0, "right")]
    [InlineData(false, 0, -8, 0, "posterior")]
    [InlineData(true, 0, 0, 8, "superior")]
    [InlineData(true, 0, 0, -8, "inferior")]
    [InlineData(true, -8, 0, 0, "left")]
    [InlineData(true, 0, 8, 0, "anterior")]
    public void A_shift_of_8_mm_on_the_same_grid_is_found_with_its_direction(bool wholeHead, double r, double a, double s, string direction)
    {
        var person = Of(wholeHead);
        foreach (var modality in new[] { "t2", "flair" })
        {
            var found = Measure(person.Volumes["t1"], Shifted(person.Volumes[modality], r, a, s));
            Assert.True(found.IsMisplaced);
            Assert.False(found.IsAligned(Least));
            Assert.InRange(found.Offset.DisplacementMm, 7, 9);
            Assert.InRange(found.Offset.Right, r - 1, r + 1);
            Assert.InRange(found.Offset.Anterior, a - 1, a + 1);
            Assert.InRange(found.Offset.Superior, s - 1, s + 1);
            Assert.Contains($"8 mm {direction}", found.Explain(Least), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_rotation_that_leaves_the_foregrounds_on_each_other_is_found()
    {
        var person = Head.Value;
        var (sin, cos) = Math.SinCos(0.16);
        var turned = person.Volumes["t2"];
        turned = Resampling.To(new Volume(turned.Shape, new Affine(cos, 0, -sin, 0, 0, 1, 0, 0, sin, 0, cos, 0) * turned.Affine, turned.Voxels), turned.Shape, turned.Affine, Outside.Border);
        var found = Measure(person.Volumes["t1"], turned);
        Assert.True(found.IsMisplaced);
        Assert.InRange(found.Offset.RotationDegrees, 6, 12);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_modality_of_one_head_is_aligned(bool wholeHead)
    {
        var person = Of(wholeHead);
        foreach (var modality in person.Volumes.Keys.Where(m => m != "t1"))
        {
            AssertAligned(Measure(person.Volumes["t1"], person.Volumes[modality]));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_tumour_in_one_modality_a_bias_field_thick_slices_and_a_slab_do_not_count_as_misalignment(bool wholeHead)
    {
        var person = Of(wholeHead);
        var t1 = person.Volumes["t1"];
        var inside = Overlap.Foreground(t1);
        foreach (var modality in new[] { "t2", "flair" })
        {
            var volume = person.Volumes[modality];
            AssertAligned(Measure(t1, Each(volume, (i, j, k, v) => Tumour(volume, i, j, k) && v > 3 ? (v * 0.25f) + 1500 : v)));
            AssertAligned(Measure(t1, Each(volume, (i, j, k, v) => inside[volume.Index(i, j, k)] ? (float)(v * Math.Exp(1.4 * j / volume.Shape.J)) : v)));
            AssertAligned(Measure(t1, ThickSlices(volume, 0, volume.Shape.K / 2)));
            AssertAligned(Measure(t1, ThickSlices(volume, 6, 8)));
            Assert.False(Measure(t1, Shifted(ThickSlices(volume, 0, volume.Shape.K / 2), 0, 0, 8, resample: false)).IsAligned(Least));
        }
    }

    [Fact]
    public void The_brain_of_another_person_is_not_accepted()
    {
        var other = Person(1, true);
        var found = Measure(Head.Value.Volumes["t1"], other.Volumes["t2"]);
        Assert.False(found.IsAligned(Least));
        Assert.Contains("same head", found.Explain(Least), StringComparison.Ordinal);
    }

    [Fact]
    public void A_least_overlap_of_0_turns_the_judgement_off()
    {
        var person = Brain.Value;
        Assert.True(Measure(person.Volumes["t1"], Shifted(person.Volumes["t2"], 0, 20, 0)).IsAligned(0));
    }

    [Fact]
    public void Directions_are_the_patients_also_when_the_grid_runs_otherwise()
    {
        var person = Brain.Value;
        Volume Lpi(Volume v) => Each(new Volume(v.Shape, v.Affine * new Affine(-1, 0, 0, v.Shape.I - 1, 0, -1, 0, v.Shape.J - 1, 0, 0, -1, v.Shape.K - 1), v.Voxels), (i, j, k, _) => v[v.Shape.I - 1 - i, v.Shape.J - 1 - j, v.Shape.K - 1 - k]);
        var found = Measure(Lpi(person.Volumes["t1"]), Lpi(Shifted(person.Volumes["t2"], 0, 0, 12)));
        Assert.InRange(found.Offset.Superior, 11, 13);
    }

    private static PhantomCase Of(bool wholeHead) => (wholeHead ? Head : Brain).Value;

    private static PhantomCase Person(int number, bool wholeHead) => PhantomGenerator.Generate(
        new PhantomRequest { Seed = 4, Site = "q", Scanner = "north", Cases = 2, Modalities = ["t1", "t1c", "t2", "flair", "pd", "mra", "dwi", "adc"], SpacingMm = 4, WholeHead = wholeHead }, number);

    private static Alignment Measure(Volume reference, Volume other)
    {
        var covered = other.SharesGridWith(reference) ? null : Resampling.Coverage(other, reference);
        other = covered is null ? other : Resampling.To(other, reference);
        return Alignment.Measure("t2", "t1", reference, other, Overlap.Foreground(reference), Overlap.Foreground(other), covered);
    }

    private static void AssertAligned(Alignment found) => Assert.True(found.IsAligned(Least), $"{found}");

    private static bool Tumour(Volume v, int i, int j, int k)
    {
        double x = (i - (v.Shape.I * 0.38)) * 4, y = (j - (v.Shape.J * 0.55)) * 4, z = (k - (v.Shape.K * 0.6)) * 4;
        return (x * x) + (y * y) + (z * z) < 30 * 30;
    }

    private static Volume Each(Volume v, Func<int, int, int, float, float> value)
    {
        var voxels = new float[v.Voxels.Length];
        for (var n = 0; n < voxels.Length; n++)
        {
            voxels[n] = value(n / (v.Shape.J * v.Shape.K), n / v.Shape.K % v.Shape.J, n % v.Shape.K, v.Voxels[n]);
        }

        return new Volume(v.Shape, v.Affine, voxels);
    }

    /// <summary>Pairs of slices averaged: 8 mm on a grid of its own.</summary>
    private static Volume ThickSlices(Volume v, int first, int count)
    {
        var voxels = new float[v.Shape.I * v.Shape.J * count];
        for (var n = 0; n < voxels.Length; n++)
        {
            var (i, j, k) = (n / (v.Shape.J * count), n / count % v.Shape.J, (first + (n % count)) * 2);
            voxels[n] = (v[i, j, k] + v[i, j, k + 1]) / 2;
        }

        var a = v.Affine.MovedTo(0, 0, (first * 2) + 0.5);
        return new Volume(new VolumeShape(v.Shape.I, v.Shape.J, count), a with { M22 = a.M22 * 2 }, voxels);
    }

    /// <summary>The content moved by millimetres, on the same grid unless told otherwise.</summary>
    private static Volume Shifted(Volume v, double r, double a, double s, bool resample = true)
    {
        var moved = new Volume(v.Shape, v.Affine with { M03 = v.Affine.M03 + r, M13 = v.Affine.M13 + a, M23 = v.Affine.M23 + s }, v.Voxels);
        return resample ? Resampling.To(moved, v.Shape, v.Affine, Outside.Border) : moved;
    }
}
