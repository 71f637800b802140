using BrainMVP.Federated.Imaging.Layouts.Naming;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>Files named SUBJECT_MODALITY or SUBJECT_SESSION_MODALITY side by side; or the series of one subject.</summary>
internal sealed class FlatLayout : ILayout
{
    public string? Recognise(DatasetFolder folder)
    {
        var names = folder.Images.Where(InRoot).Select(f => FreeName.Parse(DatasetFolder.ImageStem(f)!)).ToArray();
        return names.Length == 0 ? null : FormattableString.Invariant($"files side by side, {names.Count(n => !n.IsSilent)} of {names.Length} names say what they are");
    }

    public IEnumerable<LayoutSeries> Read(DatasetFolder folder)
    {
        foreach (var image in folder.Images.Where(InRoot))
        {
            var stem = DatasetFolder.ImageStem(image)!;
            var (subject, session) = SubjectOf(FreeName.Parse(stem), folder.FolderName);
            yield return new LayoutSeries(subject, session, folder.Series(image), FreeName.Parse(stem).Proposal);
        }
    }

    /// <summary>A name that is only an examination, or only a modality, belongs to the subject that the folder is named after.</summary>
    private static (string Subject, string Session) SubjectOf(FreeName name, string folder) =>
        name.Subject.Length > 0 ? (name.Subject, name.Session) : (folder, name.Session);

    private static bool InRoot(string file) => !file.Contains('/', StringComparison.Ordinal);
}
