using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Phantom.Output;

/// <summary>BraTS until 2021: BraTS2021_00001/BraTS2021_00001_t1ce.nii.gz, labels 1, 2, 4.</summary>
internal class BratsOutput : OutputLayout
{
    public override IReadOnlyDictionary<string, string> Words { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [Modalities.Flair] = "flair", [Modalities.T1] = "t1", [Modalities.T1c] = "t1ce", [Modalities.T2] = "t2",
    };

    public override PhantomDisease? Only => PhantomDisease.Glioma;

    protected virtual char Separator => '_';

    public override string SubjectOf(string subject, int number) => $"BraTS2021_{Number(number, 5)}";

    protected virtual int LabelOf(int label) => label;

    public override IEnumerable<OutputFile> Files(PhantomCase made, int number, bool labels)
    {
        var name = SubjectOf(made.Subject, number);
        foreach (var (modality, volume) in made.Volumes)
        {
            yield return new OutputFile($"{name}/{name}{Separator}{Words[modality]}.nii.gz", [volume]);
        }

        if (labels)
        {
            yield return new OutputFile($"{name}/{name}{Separator}seg.nii.gz", [Mapped(made.Labels, LabelOf)], IsLabels: true);
        }
    }
}

/// <summary>BraTS from 2023: BraTS-GLI-00001-000/BraTS-GLI-00001-000-t1c.nii.gz, enhancing tumour is 3.</summary>
internal sealed class Brats2023Output : BratsOutput
{
    public override IReadOnlyDictionary<string, string> Words { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [Modalities.Flair] = "t2f", [Modalities.T1] = "t1n", [Modalities.T1c] = "t1c", [Modalities.T2] = "t2w",
    };

    protected override char Separator => '-';

    public override string SubjectOf(string subject, int number) => $"BraTS-GLI-{Number(number, 5)}-000";

    protected override int LabelOf(int label) => label == 4 ? 3 : label;
}
