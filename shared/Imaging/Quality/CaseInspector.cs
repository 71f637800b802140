using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Preparation;

namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>A case with its montage.</summary>
/// <param name="Pictures">One a series that could be read; empty when none was asked for.</param>
public sealed record InspectedCase(CaseQuality Quality, IReadOnlyList<SeriesPicture> Pictures);

/// <summary>Measures one case and judges it by the code that prepares it for training, to the end whatever is found.</summary>
/// <param name="plan">Spacing, canvas, percentiles and least overlap are used.</param>
/// <param name="root">Folder that paths are reported relative to.</param>
/// <param name="pictureSide">Pixels of the longest side of a slice; 0 for no pictures.</param>
internal sealed class CaseInspector(ImagingPlan plan, string root, int pictureSide)
{
    public InspectedCase Inspect(ScannedCase scanned, CancellationToken cancellation)
    {
        var aligned = AlignedCase.Examine(scanned, plan, cancellation);
        var faults = aligned.Faults.ToList();
        var foregrounds = Foregrounds(aligned);
        var measures = new OrderedDictionary<string, ModalityMeasures>(StringComparer.Ordinal);
        foreach (var modality in Modalities.All.Where(scanned.Series.ContainsKey))
        {
            cancellation.ThrowIfCancellationRequested();
            measures[modality] = Measure(scanned.Series[modality], modality, aligned, foregrounds);
        }

        var alignment = aligned.Alignments.Select(a => Describe(a, aligned)).ToArray();
        var pictures = pictureSide > 0 && aligned.Reference.Length > 0
            ? CasePictures.Draw([.. measures.Keys.Where(aligned.Series.ContainsKey)], aligned, foregrounds[aligned.Reference], pictureSide)
            : [];
        CanvasFit? fit = null;
        if (faults.Count == 0)
        {
            try
            {
                fit = Fit(CasePreparer.Prepare(scanned.Name, aligned, plan, cancellation));
            }
            catch (FederationException e) when (e.Code.Number is >= 1100 and < 1200)
            {
                faults.Add(e);
            }
        }

        return new InspectedCase(
            new CaseQuality
            {
                Subject = scanned.Subject,
                Session = scanned.Session,
                Usable = faults.Count == 0,
                Reasons = [.. faults.Select(Reason)],
                Warnings = CaseWarnings.Of(measures, aligned.Alignments, plan, fit),
                Reference = aligned.Reference,
                Modalities = measures,
                Alignment = alignment,
                Canvas = fit,
            },
            pictures);
    }

    /// <summary>A case that the scan already left out.</summary>
    public static InspectedCase Skipped(SkippedCase skipped) => new(
        new CaseQuality { Subject = skipped.Subject, Usable = false, Reasons = [Reason(skipped.Error.With(skipped.Detail))] }, []);

    private static QualityReason Reason(FederationException fault) => new(fault.Code.Id, fault.Message, fault.Code.Remedy);

    /// <summary>Foregrounds on the files' own grids.</summary>
    private static Dictionary<string, bool[]> Foregrounds(AlignedCase aligned) => aligned.Series.ToDictionary(
        s => s.Key,
        s => s.Value is { Covered: null, Foreground: { } same } ? same : Overlap.Foreground(aligned.Read[s.Key]),
        StringComparer.Ordinal);

    private ModalityMeasures Measure(SeriesFile file, string modality, AlignedCase aligned, Dictionary<string, bool[]> foregrounds)
    {
        var relative = Path.GetRelativePath(root, file.Path);
        var measures = new ModalityMeasures { File = relative.StartsWith("..", StringComparison.Ordinal) ? file.Path : relative, Volume = file.Volume };
        NiftiInfo info;
        try
        {
            info = NiftiReader.ReadInfo(file.Path);
        }
        catch (FederationException)
        {
            // Why is among the case's reasons.
            return measures;
        }

        var (x, y, z) = info.Affine.Spacing;
        measures = measures with
        {
            Shape = [info.Shape.I, info.Shape.J, info.Shape.K],
            SpacingMm = [Rounded(x), Rounded(y), Rounded(z)],
            Orientation = HeaderNotes.OrientationCode(info.Affine),
            VoxelType = info.Type,
            Warnings = HeaderNotes.Of(info),
        };
        if (!aligned.Read.TryGetValue(modality, out var volume))
        {
            return measures;
        }

        var foreground = foregrounds.GetValueOrDefault(modality);
        var values = IntensityStatistics.Of(volume.Voxels, foreground);
        var test = foreground is null ? null : SkullTest.Of(volume, foreground);
        return measures with
        {
            Grid = modality == aligned.Reference ? "reference" : aligned.Alignments.FirstOrDefault(a => a.Modality == modality) is { } a ? a.Resampled ? "resampled" : "same" : null,
            Minimum = Rounded(values.Minimum),
            Percentile1 = Rounded(values.Percentile1),
            Percentile99 = Rounded(values.Percentile99),
            Maximum = Rounded(values.Maximum),
            NotFinite = values.NotFinite,
            NonZero = Rounded(values.NonZero),
            Contrast = foreground is null ? null : Rounded(values.Contrast),
            SkullStripped = test?.IsStripped,
            Stripping = test is null ? null : new SkullTest(Rounded(test.ConstantBackground), Rounded(test.ForegroundMl), Rounded(test.BoneShell)),
        };
    }

    private AlignmentMeasures Describe(Alignment a, AlignedCase aligned)
    {
        var (reference, other) = (aligned.Series[a.Reference], aligned.Series[a.Modality]);
        var nmi = MutualInformation.Normalised(reference.Volume, other.Volume, reference.Foreground!, other.Foreground!, other.Covered);
        var o = a.Offset;
        return new AlignmentMeasures(
            a.Modality, a.Reference, a.Resampled, Rounded(a.Dice), Rounded(nmi), Rounded(o.InformationHere), Rounded(o.InformationThere), Rounded(o.DisplacementMm),
            [Rounded(o.Right), Rounded(o.Anterior), Rounded(o.Superior)], Rounded(o.RotationDegrees), Rounded(o.Gain), Rounded(o.Sharpness), a.IsAligned(plan.MinimumOverlap));
    }

    private CanvasFit Fit(PreparedCase prepared)
    {
        int[] shape = [prepared.Shape.I, prepared.Shape.J, prepared.Shape.K];
        return new CanvasFit(shape, [.. shape.Select((s, n) => Math.Max(0, s - plan.Canvas[n]))]);
    }

    /// <summary>Six significant digits: what was measured, without the tail of a float's binary form.</summary>
    private static double Rounded(double value) => double.IsFinite(value) ? double.Parse(value.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : 0;
}
