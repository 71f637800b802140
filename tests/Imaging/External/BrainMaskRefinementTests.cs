using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Imaging.External;
using BrainMVP.Federated.Imaging.Phantom;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.External;

public sealed class BrainMaskRefinementTests
{
    private static readonly string[] Series = [Modalities.T1, Modalities.T2];

    [Fact]
    public void A_coarse_mask_follows_the_brain_of_a_person_it_does_not_fit()
    {
        var head = Person(wholeHead: true);
        var truth = Person(wholeHead: false)[Modalities.T1];
        var grid = BrainMaskRefinement.GridOf(head[Modalities.T1]);
        var brain = Inside(Resampling.To(truth, grid.Shape, grid.Affine, Outside.Zero));

        // An atlas that was registered badly: 5 mm too far forward and down, and 3 % too large.
        var coarse = Carry.Mask(Binary(truth), grid, Affine.Scaling(0.97, 0.97, 0.97, 0, -5, 3));
        var refined = BrainMaskRefinement.Refine(coarse, head.ToDictionary(h => h.Key, h => Resampling.To(h.Value, grid.Shape, grid.Affine, Outside.Zero)));
        Assert.NotNull(refined);
        var (before, after) = (Overlap.Dice(Inside(coarse), brain, null), Overlap.Dice(Inside(refined), brain, null));
        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant($"Dice with the true mask: {before:F3} before, {after:F3} after."));
        Assert.InRange(before, 0.8, 0.94);
        Assert.True(after > 0.955, FormattableString.Invariant($"{before:F3} {after:F3}"));
    }

    [Fact]
    public void Images_that_show_no_brain_leave_the_atlas_mask()
    {
        var atlas = Binary(Make.Ball(40, 16));
        Assert.Null(BrainMaskRefinement.Refine(atlas, new Dictionary<string, Volume>()));
        Assert.Null(BrainMaskRefinement.Refine(atlas, new Dictionary<string, Volume> { [Modalities.T1] = Make.Volume(40, 40, 40, (_, _, _) => 0) }));
        Assert.Null(BrainMaskRefinement.Refine(Make.Volume(40, 40, 40, (_, _, _) => 0), new Dictionary<string, Volume> { [Modalities.T1] = Make.Ball(40, 18) }));
    }

    private static IReadOnlyDictionary<string, Volume> Person(bool wholeHead) => PhantomGenerator.Generate(
        new PhantomRequest { Seed = 5, Site = "refined", Scanner = "south", Modalities = Series, Cases = 1, SpacingMm = 2, Disease = PhantomDisease.None, WholeHead = wholeHead }, 0).Volumes;

    private static Volume Binary(Volume volume) => new(volume.Shape, volume.Affine, Array.ConvertAll(volume.Voxels, v => v > 0 ? 1f : 0f));

    private static bool[] Inside(Volume volume) => Array.ConvertAll(volume.Voxels, v => v > 0);
}
