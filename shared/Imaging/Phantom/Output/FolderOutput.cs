namespace BrainMVP.Federated.Imaging.Phantom.Output;

/// <summary>A folder per subject: SUBJECT/SUBJECT_T1.nii.gz and SUBJECT/SUBJECT_seg.nii.gz; SUBJECT_brainmask.nii.gz for whole heads.</summary>
internal sealed class FolderOutput : OutputLayout
{
    public override string SubjectOf(string subject, int number) => subject;

    public override IEnumerable<OutputFile> Files(PhantomCase made, int number, bool labels)
    {
        foreach (var (modality, volume) in made.Volumes)
        {
            yield return new OutputFile(PathOf(made.Subject, modality.ToUpperInvariant()), [volume]);
        }

        if (labels)
        {
            yield return new OutputFile(PathOf(made.Subject, "seg"), [made.Labels], IsLabels: true);
        }

        if (made.IsWholeHead)
        {
            yield return new OutputFile(PathOf(made.Subject, "brainmask"), [made.Brain], IsLabels: true);
        }
    }

    public static string PathOf(string subject, string word) => $"{subject}/{subject}_{word}.nii.gz";
}
