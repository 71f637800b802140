using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Phantom.Output;

/// <summary>ISLES 2022: sub-strokecase0001/ses-0001/dwi/sub-strokecase0001_ses-0001_dwi.nii.gz, masks in derivatives/.</summary>
internal sealed class IslesOutput : OutputLayout
{
    private const string Session = "ses-0001";

    public override IReadOnlyDictionary<string, string> Words { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [Modalities.Flair] = "FLAIR", [Modalities.Dwi] = "dwi", [Modalities.Adc] = "adc",
    };

    public override PhantomDisease? Only => PhantomDisease.Stroke;

    public override string SubjectOf(string subject, int number) => $"sub-strokecase{Number(number, 4)}";

    public override IEnumerable<OutputFile> Files(PhantomCase made, int number, bool labels)
    {
        var name = SubjectOf(made.Subject, number);
        foreach (var (modality, volume) in made.Volumes)
        {
            yield return new OutputFile($"{name}/{Session}/{(modality == Modalities.Flair ? "anat" : "dwi")}/{name}_{Session}_{Words[modality]}.nii.gz", [volume]);
        }

        if (labels)
        {
            yield return new OutputFile($"derivatives/{name}/{Session}/{name}_{Session}_msk.nii.gz", [made.Labels], IsLabels: true);
        }
    }
}
