using BrainMVP.Federated.Imaging.Layouts.Naming;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>In a folder of labels the file P1_T1 is the label map of the T1, not the T1.</summary>
internal static class LabelFolders
{
    private static readonly HashSet<string> Words = new(StringComparer.OrdinalIgnoreCase) { "annotations", "predictions", "prediction", "preds", "masks", "labelsTr", "labelsTs", "lesion_masks", "contours", "results" };

    /// <summary>Doubts a certain series below such a folder, where the layout itself does not know about label maps.</summary>
    /// <param name="root">Full path of the folder that is scanned; the folders above it are not looked at.</param>
    public static SeriesFinding Doubt(SeriesFinding finding, ILayout layout, string root)
    {
        if (layout is not (FlatLayout or SubjectFolderLayout or ModalityFolderLayout or NamePatternLayout) || finding.Status != SeriesStatus.Accepted || finding.Modality == ManifestRow.Segmentation)
        {
            return finding;
        }

        var folder = Path.GetRelativePath(root, finding.File.Path).Split(Path.DirectorySeparatorChar)[..^1].FirstOrDefault(f => Words.Contains(f) || LabelNames.Read(f) is not null);
        return folder is null ? finding : finding with { Proposal = finding.Proposal.Doubted($"it lies in the folder '{folder}', which may hold label maps") };
    }
}
