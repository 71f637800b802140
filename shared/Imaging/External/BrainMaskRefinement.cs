using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>
/// Makes a brain mask that an affine atlas gave follow the images. Near the atlas mask, tissue is what has the
/// intensities of brain in every series at once: T1 parts it from fluid, bone and fat, T2 and FLAIR from muscle. What
/// hangs on it by thin bridges (orbits, dura, vessels) falls off by erosion; the largest piece is grown back, and
/// sulci and ventricles are closed.
/// </summary>
internal static class BrainMaskRefinement
{
    /// <summary>Farthest that the brain may reach beyond the atlas mask, mm.</summary>
    private const int Search = 6;

    /// <summary>Concavities of the atlas mask narrower than twice this may hold brain, mm.</summary>
    private const int Notch = 14;

    /// <summary>What lies deeper in the atlas mask is brain, mm.</summary>
    private const int Core = 12;

    /// <summary>Bridges thinner than twice this are cut, mm.</summary>
    private const int Bridge = 3;

    /// <summary>Sulci narrower than twice this are closed, mm.</summary>
    private const int Sulcus = 7;

    /// <summary>Corners sharper than this are rounded, mm.</summary>
    private const int Corner = 3;

    /// <summary>Fluid around the cortex that stays with it, mm: half a voxel of cortex lost is worse than one of fluid kept.</summary>
    private const int Border = 1;

    /// <summary>Intensities of brain, relative to the median deep in the brain.</summary>
    private static readonly Dictionary<string, (float Low, float High)> Ranges = new(StringComparer.Ordinal)
    {
        [Modalities.T1] = (0.60f, 1.45f),
        [Modalities.T1c] = (0.60f, 1.60f),
        [Modalities.Flair] = (0.55f, 2.60f),
        [Modalities.T2] = (0.50f, 9.00f),
        [Modalities.Pd] = (0.60f, 1.80f),
    };

    /// <summary>Series that the refinement looks at.</summary>
    public static bool Uses(string modality) => Ranges.ContainsKey(modality);

    /// <summary>The grid that masks are refined on: that of the reference with axes nearest to R, A, S and voxels of 1 mm.</summary>
    public static Grid GridOf(Volume reference)
    {
        var ras = Orientation.ToRas(reference);
        return Grid.Of(Spacing.To(ras, 1));
    }

    /// <param name="atlas">Atlas mask on the grid of <see cref="GridOf"/>.</param>
    /// <param name="series">By modality, on the same grid; voxels of 0 or below are outside the field of view.</param>
    /// <returns>The refined mask on the same grid; null when the images do not allow one, and the atlas mask has to do.</returns>
    public static Volume? Refine(Volume atlas, IReadOnlyDictionary<string, Volume> series)
    {
        if (ForegroundCrop.Box([atlas]) is not { } box || series.Keys.FirstOrDefault(Uses) is null)
        {
            return null;
        }

        // Only the surroundings of the brain are looked at; the rest of a head costs time.
        const int margin = Search + Sulcus + 2;
        var shape = atlas.Shape;
        var near = new VoxelBox(
            Math.Max(0, box.I0 - margin), Math.Max(0, box.J0 - margin), Math.Max(0, box.K0 - margin),
            Math.Min(shape.I, box.I1 + margin), Math.Min(shape.J, box.J1 + margin), Math.Min(shape.K, box.K1 + margin));
        var cropped = atlas.Crop(near);
        var found = Find(
            Array.ConvertAll(cropped.Voxels, v => v > 0),
            cropped.Shape,
            series.Where(s => Uses(s.Key)).ToDictionary(s => s.Key, s => s.Value.Crop(near).Voxels, StringComparer.Ordinal));
        if (found is null)
        {
            return null;
        }

        var whole = new Volume(shape, atlas.Affine, new float[shape.Count]);
        var next = 0;
        for (var i = near.I0; i < near.I1; i++)
        {
            for (var j = near.J0; j < near.J1; j++)
            {
                for (var k = near.K0; k < near.K1; k++)
                {
                    whole.Voxels[whole.Index(i, j, k)] = found[next++] ? 1 : 0;
                }
            }
        }

        return whole;
    }

    private static bool[]? Find(bool[] atlas, VolumeShape shape, Dictionary<string, float[]> series)
    {
        var closed = Morphology.FillHoles(Morphology.Close(atlas, shape, Notch), shape);
        var core = Morphology.Erode(closed, shape, Core);
        var near = Morphology.Dilate(closed, shape, Search);
        var tissue = (bool[])near.Clone();
        var even = new Dictionary<string, float[]>(StringComparer.Ordinal);
        foreach (var (modality, voxels) in series)
        {
            if (EvenIntensities.Of(voxels, core, shape) is { } relative)
            {
                even[modality] = relative;
            }
        }

        if (even.Count == 0)
        {
            return null;
        }

        var flair = even.GetValueOrDefault(Modalities.Flair);
        foreach (var (modality, relative) in even)
        {
            var (low, high) = Ranges[modality];
            var isT1 = modality is Modalities.T1 or Modalities.T1c;
            for (var n = 0; n < tissue.Length; n++)
            {
                if (!tissue[n] || series[modality][n] <= 0)
                {
                    continue;
                }

                // Oedema and lesions are dark in T1 but, unlike fluid, bright in FLAIR.
                var least = isT1 && flair is not null && flair[n] > 0.9f ? 0.35f : low;
                tissue[n] = relative[n] > least && relative[n] < high;
            }
        }

        var brain = Morphology.Component(Morphology.Erode(tissue, shape, Bridge), core, shape);
        brain = Both(Morphology.Dilate(brain, shape, Bridge + 1), tissue);
        brain = Morphology.FillHoles(Morphology.Close(brain, shape, Sulcus), shape);
        brain = Morphology.Component(Morphology.Open(brain, shape, Corner), core, shape);
        brain = Both(Morphology.Dilate(brain, shape, Border), near);
        double before = closed.Count(v => v), after = brain.Count(v => v);
        return after > 0.5 * before && after < 1.5 * before ? brain : null;
    }

    private static bool[] Both(bool[] a, bool[] b)
    {
        for (var n = 0; n < a.Length; n++)
        {
            a[n] &= b[n];
        }

        return a;
    }
}
