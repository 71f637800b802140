using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Nifti;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>Looks at the header of a NIfTI file: whether it can be read, and whether it can be a volume of a head.</summary>
internal static class SeriesCheck
{
    private const int LeastVoxels = 8;

    public static SeriesFinding Apply(SeriesFinding finding)
    {
        if (finding.Status == SeriesStatus.Ignored || finding.NeedsConversion || finding.CaseProblem is not null)
        {
            return finding;
        }

        NiftiInfo info;
        try
        {
            info = NiftiReader.ReadInfo(finding.File.Path);
        }
        catch (FederationException e)
        {
            // A file named as a series that cannot be read leaves its case incomplete, so the case is told too.
            return finding with { Error = e.Code, Proposal = ModalityProposal.Ignored($"{e.Code.Id} {e.Code.Title.TrimEnd('.')}") with { Modality = finding.Modality }, CaseProblem = finding.Status == SeriesStatus.Accepted && finding.Modality != ManifestRow.Segmentation ? e.Message : null };
        }

        var least = Math.Min(info.Shape.I, Math.Min(info.Shape.J, info.Shape.K));
        var proposal = finding.Proposal;
        if (least == 1)
        {
            proposal = ModalityProposal.Ignored("a single slice");
        }
        else if (finding.File.Volume is { } volume ? volume >= info.Volumes : info.Volumes > 1)
        {
            proposal = proposal.Doubted(finding.File.Volume is null
                ? FormattableString.Invariant($"{info.Volumes} volumes in one file; name the wanted one in the column volume, counted from 0{Also(proposal)}")
                : FormattableString.Invariant($"the file holds {info.Volumes} volumes, the data set's description names more"));
        }
        else if (least < LeastVoxels)
        {
            proposal = proposal.Doubted(FormattableString.Invariant($"only {info.Shape.I}x{info.Shape.J}x{info.Shape.K} voxels{Also(proposal)}"));
        }

        return finding with { Proposal = proposal };
    }

    private static string Also(ModalityProposal proposal) => proposal.Status == SeriesStatus.Uncertain ? $"; {proposal.Reason}" : "";
}
