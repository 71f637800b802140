using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Phantom.Output;

/// <summary>IXI: healthy people in one flat folder, IXI001-North-0001-T1.nii.gz.</summary>
internal sealed class IxiOutput : OutputLayout
{
    public override IReadOnlyDictionary<string, string> Words { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [Modalities.T1] = "T1", [Modalities.T2] = "T2", [Modalities.Mra] = "MRA", [Modalities.Pd] = "PD",
    };

    public override PhantomDisease? Only => PhantomDisease.None;

    public override int MostCases => 999;

    public override string SubjectOf(string subject, int number)
    {
        // Only letters are allowed in the hospital's place.
        var site = string.Concat(subject.Where(char.IsAsciiLetter));
        site = site.Length == 0 ? "Phantom" : char.ToUpperInvariant(site[0]) + site[1..];
        return $"IXI{Number(number, 3)}-{site}-{Number(number, 4)}";
    }

    public override IEnumerable<OutputFile> Files(PhantomCase made, int number, bool labels) =>
        made.Volumes.Select(v => new OutputFile($"{SubjectOf(made.Subject, number)}-{Words[v.Key]}.nii.gz", [v.Value]));
}
