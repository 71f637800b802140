using System.Text.Json.Nodes;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Json;

namespace BrainMVP.Federated.Imaging.Phantom.Output;

/// <summary>
/// Medical Segmentation Decathlon: dataset.json, imagesTr/BRATS_001.nii.gz with a volume per channel, labelsTr/. Label
/// values are consecutive; those of gliomas are the Decathlon's own: 1 oedema, 2 non-enhancing, 3 enhancing.
/// </summary>
internal class DecathlonOutput : OutputLayout
{
    private static readonly Dictionary<string, string> Channels = new(StringComparer.Ordinal)
    {
        [Modalities.Flair] = "FLAIR", [Modalities.T1] = "T1w", [Modalities.T1c] = "t1gd", [Modalities.T2] = "T2w", [Modalities.Mra] = "MRA", [Modalities.Pd] = "PD",
        [Modalities.Dwi] = "DWI", [Modalities.Adc] = "ADC",
    };

    public override PhantomDisease Usual => PhantomDisease.Glioma;

    public override IReadOnlyList<string> UsualModalities { get; } = [Modalities.Flair, Modalities.T1, Modalities.T1c, Modalities.T2];

    public override bool NeedsAll => true;

    public override string SubjectOf(string subject, int number) => $"BRATS_{Number(number, 3)}";

    public override IEnumerable<OutputFile> Files(PhantomCase made, int number, bool labels)
    {
        var name = SubjectOf(made.Subject, number);
        foreach (var image in Images(made, name))
        {
            yield return image;
        }

        if (labels)
        {
            yield return new OutputFile($"labelsTr/{name}.nii.gz", [Mapped(made.Labels, value => Value(made.Disease, value))], IsLabels: true);
        }
    }

    protected virtual IEnumerable<OutputFile> Images(PhantomCase made, string name) => [new OutputFile($"imagesTr/{name}.nii.gz", [.. made.Volumes.Values])];

    public override IEnumerable<OutputText> Documents(IReadOnlyList<WrittenCase> cases, PhantomRequest request, PhantomOutput output)
    {
        var document = Description(cases, request);
        yield return new OutputText("dataset.json", CanonicalJson.ToReadable(document));
        if (output.Classes)
        {
            yield return ClassTable(cases);
        }
    }

    protected virtual JsonObject Description(IReadOnlyList<WrittenCase> cases, PhantomRequest request) => new()
    {
        ["name"] = "Phantom",
        ["description"] = "Synthetic MRI of people that do not exist",
        ["reference"] = "site-agent phantom",
        ["licence"] = "CC0",
        ["release"] = "1.0",
        ["tensorImageSize"] = "4D",
        ["modality"] = ChannelNames(request, m => Channels[m]),
        ["labels"] = new JsonObject([new("0", "background"), .. Meanings(request.Disease).Select(m => KeyValuePair.Create(Text(m.Value), (JsonNode?)m.Meaning))]),
        ["numTraining"] = cases.Count,
        ["numTest"] = 0,
        ["training"] = new JsonArray([.. cases.Select(c => TrainingEntry(SubjectOf(c.Subject, c.Number), c.HasLabels))]),
        ["test"] = new JsonArray(),
    };

    protected static JsonObject ChannelNames(PhantomRequest request, Func<string, string> word) =>
        new(InOrder(request.Modalities).Index().Select(m => KeyValuePair.Create(Text(m.Index), (JsonNode?)word(m.Item))));

    protected static IEnumerable<(int Value, string Meaning)> Meanings(PhantomDisease disease) =>
        PhantomDiseases.Labels(disease).Select(l => (Value(disease, l.Key), l.Value)).OrderBy(m => m.Item1);

    protected static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static int Value(PhantomDisease disease, int label) => disease == PhantomDisease.Glioma ? label switch { 1 => 2, 2 => 1, _ => 3 } : label;

    private static JsonObject TrainingEntry(string name, bool labels)
    {
        var entry = new JsonObject { ["image"] = $"./imagesTr/{name}.nii.gz" };
        if (labels)
        {
            entry["label"] = $"./labelsTr/{name}.nii.gz";
        }

        return entry;
    }
}

/// <summary>nnU-Net: dataset.json, imagesTr/NAME_0000.nii.gz with a file per channel, labelsTr/NAME.nii.gz; labels as in the Decathlon.</summary>
internal sealed class NnUnetOutput : DecathlonOutput
{
    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        [Modalities.Flair] = "FLAIR", [Modalities.T1] = "T1", [Modalities.T1c] = "T1ce", [Modalities.T2] = "T2", [Modalities.Mra] = "MRA", [Modalities.Pd] = "PD",
        [Modalities.Dwi] = "DWI", [Modalities.Adc] = "ADC",
    };

    public override string SubjectOf(string subject, int number) => subject;

    protected override IEnumerable<OutputFile> Images(PhantomCase made, string name) =>
        made.Volumes.Values.Index().Select(v => new OutputFile($"imagesTr/{name}_{v.Index:D4}.nii.gz", [v.Item]));

    protected override JsonObject Description(IReadOnlyList<WrittenCase> cases, PhantomRequest request) => new()
    {
        ["channel_names"] = ChannelNames(request, m => Names[m]),
        ["labels"] = new JsonObject([new("background", 0), .. Meanings(request.Disease).Select(m => KeyValuePair.Create(m.Meaning, (JsonNode?)m.Value))]),
        ["numTraining"] = cases.Count,
        ["file_ending"] = ".nii.gz",
    };
}
