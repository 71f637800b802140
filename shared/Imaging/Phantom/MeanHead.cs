using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>
/// A T1-weighted whole head and its brain on the usual atlas grid, made from the phantom instead of from people: what a
/// real head is registered to where a site has no other atlas. The mean over several generated people, so that no
/// single person's folds pull on the registration.
/// </summary>
/// <param name="Head">Whole head, 240x240x155 voxels of 1 mm along R, A, S.</param>
/// <param name="Mask">1 inside the brain's envelope, 0 outside, on the same grid.</param>
public sealed record MeanHead(Volume Head, Volume Mask)
{
    /// <summary>Changes whenever the voxels would.</summary>
    public const int Version = 1;

    private const int People = 6;

    /// <summary>Voxels of the grid along R, A, S: that of SRI24 and of the public brain tumour data sets.</summary>
    public static VolumeShape Shape { get; } = new(240, 240, 155);

    /// <summary>World origin in the grid's centre, where the phantom's field of view has it too.</summary>
    public static Affine Grid { get; } = Affine.Scaling(1, 1, 1, -(Shape.I - 1) / 2.0, -(Shape.J - 1) / 2.0, -(Shape.K - 1) / 2.0);

    /// <summary>Generates the head; always the same voxels. Takes some seconds.</summary>
    public static MeanHead Generate(CancellationToken cancellation = default)
    {
        Volume? head = null, brain = null;
        for (var person = 0; person < People; person++)
        {
            cancellation.ThrowIfCancellationRequested();
            head = Add(head, Person(person, wholeHead: true), v => v);
            brain = Add(brain, Person(person, wholeHead: false), v => v > 0 ? 1 : 0);
        }

        // Partial volumes of the 2 mm mean make the boundary smooth; half of the people and of the voxel decide.
        var mask = Resampling.To(brain!, Shape, Grid, Outside.Zero);
        for (var n = 0; n < mask.Voxels.Length; n++)
        {
            mask.Voxels[n] = mask.Voxels[n] >= People / 2f ? 1 : 0;
        }

        return new MeanHead(Resampling.To(head!, Shape, Grid, Outside.Border), mask);
    }

    private static Volume Person(int number, bool wholeHead) => PhantomGenerator.Generate(
        new PhantomRequest { Seed = 20240614, Site = "mean", Scanner = ScannerPreset.West.Name, Modalities = [Modalities.T1], Cases = People, SpacingMm = 2, Disease = PhantomDisease.None, WholeHead = wholeHead },
        number).Volumes[Modalities.T1];

    private static Volume Add(Volume? sum, Volume next, Func<float, float> value)
    {
        sum ??= new Volume(next.Shape, next.Affine, new float[next.Voxels.Length]);
        for (var n = 0; n < next.Voxels.Length; n++)
        {
            sum.Voxels[n] += value(next.Voxels[n]);
        }

        return sum;
    }
}
