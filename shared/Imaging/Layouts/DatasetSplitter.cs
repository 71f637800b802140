using System.Text.RegularExpressions;
using BrainMVP.Federated.Imaging.Dicom;
using BrainMVP.Federated.Imaging.Layouts.Naming;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>One data set and how it is laid out.</summary>
/// <param name="Description">For people, with the evidence.</param>
internal sealed record RecognisedDataset(DatasetFolder Folder, ILayout Layout, string Description);

/// <summary>
/// Finds the data sets of a folder. A folder that one layout explains is one data set; a folder whose folders are data
/// sets of their own is split, so that subjects of the same name in two of them stay apart.
/// </summary>
internal static partial class DatasetSplitter
{
    private const int DeepestSplit = 4;

    /// <summary>Layouts that explain a folder as a whole, the more specific ones first.</summary>
    private static readonly ILayout[] Whole =
    [
        new ManifestLayout(), new Isles22Layout(), new DecathlonLayout(), new BidsLayout(), new BrainMvpListLayout(), new BratsLayout(), new UcsfPdgmLayout(), new IxiLayout(), new ModalityFolderLayout(),
    ];

    /// <summary>What is left: each explains some of a folder's files.</summary>
    private static readonly ILayout[] Free = [new FlatLayout(), new SubjectFolderLayout(), new DicomLayout()];

    public static IReadOnlyList<RecognisedDataset> Split(DatasetFolder root) => [.. Split(root, 0)];

    private static IEnumerable<RecognisedDataset> Split(DatasetFolder folder, int depth)
    {
        foreach (var layout in Whole)
        {
            if (layout.Recognise(folder) is { } description)
            {
                return layout is BidsLayout ? WithPipelines(folder, layout, description) : [new RecognisedDataset(folder, layout, description)];
            }
        }

        var folders = folder.Folders;
        if (depth < DeepestSplit && folders.Count > 0 && IsCollection(folder, folders))
        {
            var loose = folder.Only(f => !f.Contains('/', StringComparison.Ordinal));
            return Free.Select(l => (Layout: l, Description: l.Recognise(loose))).Where(l => l.Description is not null).Select(l => new RecognisedDataset(loose, l.Layout, l.Description!))
                .Concat(folders.SelectMany(f => Split(folder.Inside(f), depth + 1)));
        }

        return Free.Select(l => (Layout: l, Description: l.Recognise(folder))).Where(l => l.Description is not null).Select(l => new RecognisedDataset(folder, l.Layout, l.Description!));
    }

    private static IEnumerable<RecognisedDataset> WithPipelines(DatasetFolder folder, ILayout layout, string description)
    {
        var pipelines = BidsLayout.Pipelines(folder).ToArray();
        yield return new RecognisedDataset(folder.Only(f => !Array.Exists(pipelines, p => f.StartsWith(p + "/", StringComparison.Ordinal))), layout, description);
        foreach (var pipeline in pipelines)
        {
            var inside = folder.Inside(pipeline);
            yield return new RecognisedDataset(inside, layout, layout.Recognise(inside) ?? "BIDS derivatives");
        }
    }

    /// <summary>
    /// Data sets beside each other, or subjects beside each other? A described data set among the folders decides; else
    /// it takes several folders that hold several subjects each, and names that are not those of subjects.
    /// </summary>
    private static bool IsCollection(DatasetFolder root, IReadOnlyList<string> folders)
    {
        var inside = folders.Select(root.Inside).Where(f => f.Images.Count > 0 || f.Files.Any(DicomFile.MayBe)).ToArray();
        if (inside.Any(f => Whole.Any(l => l is not ModalityFolderLayout && l.Recognise(f) is not null && !IsOneSubject(l, f))))
        {
            return true;
        }

        if (inside.Length == 0 || inside.All(f => SubjectWord().IsMatch(f.FolderName)))
        {
            return false;
        }

        var several = inside.Count(HoldsSubjects);
        return several >= 2 || (several == 1 && inside.Length <= 2) || (several > 0 && several * 2 >= inside.Length);
    }

    /// <summary>BraTS2021_00000/ is a subject of BraTS, not a data set of it.</summary>
    private static bool IsOneSubject(ILayout layout, DatasetFolder folder) =>
        layout is NamePatternLayout or BidsLayout && !folder.Has("dataset_description.json") && layout.Read(folder).Select(s => s.Subject).Distinct(StringComparer.Ordinal).Take(2).Count() < 2;

    private static bool HoldsSubjects(DatasetFolder folder)
    {
        // Flat: two subjects with the same modality.
        var flat = folder.Images.Where(f => !f.Contains('/', StringComparison.Ordinal)).Select(f => FreeName.Parse(DatasetFolder.ImageStem(f)!))
            .Where(n => n.Subject.Length > 0 && !SessionNames.IsSession(n.Subject) && n.Proposal is { Status: SeriesStatus.Accepted })
            .GroupBy(n => n.Proposal.Modality, StringComparer.Ordinal);
        if (flat.Any(g => g.Select(n => n.Subject).Distinct(StringComparer.Ordinal).Count() > 1))
        {
            return true;
        }

        // Nested: two folders named alike, neither by a modality nor by an examination.
        return folder.Images.Where(f => f.Contains('/', StringComparison.Ordinal)).Select(f => f.Split('/')[0]).Distinct(StringComparer.Ordinal)
            .Where(f => !SessionNames.IsSession(f) && ModalityReader.Read(f, TextKind.Name).IsSilent)
            .GroupBy(f => Digits().Replace(f, "#"), StringComparer.OrdinalIgnoreCase)
            .Any(g => g.Count() > 1 && g.Key.Contains('#', StringComparison.Ordinal));
    }

    [GeneratedRegex("^(?:patient|subject|subj|sub|case|pat|pt|id|mrn|p|s)?[-_ ]?[0-9]+$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex SubjectWord();

    [GeneratedRegex("[0-9]+", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Digits();
}
