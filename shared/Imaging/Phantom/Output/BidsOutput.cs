using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Json;

namespace BrainMVP.Federated.Imaging.Phantom.Output;

/// <summary>
/// Brain Imaging Data Structure: sub-LABEL/anat and dwi with a JSON sidecar for each image, label maps as a derivative,
/// classes in participants.tsv.
/// </summary>
internal sealed class BidsOutput : OutputLayout
{
    private const string LabelFolder = "derivatives/lesions";

    private static readonly Dictionary<string, (string Folder, string Name)> Names = new(StringComparer.Ordinal)
    {
        [Modalities.Flair] = ("anat", "FLAIR"), [Modalities.T1] = ("anat", "T1w"), [Modalities.T1c] = ("anat", "ce-GAD_T1w"), [Modalities.T2] = ("anat", "T2w"),
        [Modalities.Mra] = ("anat", "angio"), [Modalities.Pd] = ("anat", "PDw"), [Modalities.Dwi] = ("dwi", "trace"), [Modalities.Adc] = ("dwi", "ADC"),
    };

    /// <summary>A label may have letters and digits only.</summary>
    public override string SubjectOf(string subject, int number) => "sub-" + string.Concat(subject.Where(char.IsAsciiLetterOrDigit));

    public override IEnumerable<OutputFile> Files(PhantomCase made, int number, bool labels)
    {
        var name = SubjectOf(made.Subject, number);
        foreach (var (modality, volume) in made.Volumes)
        {
            yield return new OutputFile($"{Stem(name, modality)}.nii.gz", [volume]);
        }

        if (labels)
        {
            yield return new OutputFile($"{LabelFolder}/{name}/anat/{name}_label-lesion_dseg.nii.gz", [made.Labels], IsLabels: true);
        }
    }

    public override IEnumerable<OutputText> Texts(PhantomCase made, int number, PhantomRequest request)
    {
        var scanner = ScannerPreset.Find(request.Scanner);
        foreach (var modality in made.Volumes.Keys)
        {
            var timing = scanner.Timings[modality];
            var sidecar = new JsonObject
            {
                ["MagneticFieldStrength"] = scanner.Tesla,
                ["RepetitionTime"] = timing.Tr / 1000,
                ["EchoTime"] = timing.Te / 1000,
                ["FlipAngle"] = timing.FlipDegrees,
                ["SkullStripped"] = !request.WholeHead,
            };
            if (timing.Ti > 0)
            {
                sidecar["InversionTime"] = timing.Ti / 1000;
            }

            yield return new OutputText($"{Stem(SubjectOf(made.Subject, number), modality)}.json", Json(sidecar));
        }
    }

    public override IEnumerable<OutputText> Documents(IReadOnlyList<WrittenCase> cases, PhantomRequest request, PhantomOutput output)
    {
        yield return new OutputText("dataset_description.json", Json(new JsonObject
        {
            ["Name"] = "Phantom",
            ["BIDSVersion"] = "1.10.0",
            ["DatasetType"] = "raw",
            ["License"] = "CC0",
            ["GeneratedBy"] = GeneratedBy(),
        }));
        yield return new OutputText("README", "Synthetic MRI of people that do not exist, all images of a person on one grid.\n");
        var table = new StringBuilder(output.Classes ? "participant_id\tsite\tclass\n" : "participant_id\tsite\n");
        foreach (var one in cases)
        {
            table.Append(CultureInfo.InvariantCulture, $"{SubjectOf(one.Subject, one.Number)}\t{request.Site}");
            table.Append(output.Classes ? $"\t{one.Class}\n" : "\n");
        }

        yield return new OutputText("participants.tsv", table.ToString());
        if (!cases.Any(c => c.HasLabels))
        {
            yield break;
        }

        yield return new OutputText($"{LabelFolder}/dataset_description.json", Json(new JsonObject
        {
            ["Name"] = "Lesions of the phantom",
            ["BIDSVersion"] = "1.10.0",
            ["DatasetType"] = "derivative",
            ["GeneratedBy"] = GeneratedBy(),
        }));
        var meanings = new StringBuilder("index\tname\n");
        foreach (var (value, meaning) in PhantomDiseases.Labels(request.Disease))
        {
            meanings.Append(CultureInfo.InvariantCulture, $"{value}\t{meaning}\n");
        }

        yield return new OutputText($"{LabelFolder}/dseg.tsv", meanings.ToString());
    }

    private static string Stem(string name, string modality) => $"{name}/{Names[modality].Folder}/{name}_{Names[modality].Name}";

    private static JsonArray GeneratedBy() => [new JsonObject { ["Name"] = "site-agent phantom" }];

    private static string Json(JsonObject document) => CanonicalJson.ToReadable(document);
}
