using System.Text.Json;
using System.Text.Json.Nodes;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Imaging.Dicom;

/// <summary>
/// The JSON file that dcm2niix writes beside a volume. It names institution, scanner, serial number, station and times;
/// only what describes the image itself is kept.
/// </summary>
internal static class Sidecar
{
    private const int MaximumBytes = 1 << 20;

    private static readonly string[] Kept =
    [
        "Modality", "MagneticFieldStrength", "MRAcquisitionType", "SeriesDescription", "ProtocolName", "ScanningSequence", "SequenceVariant", "ScanOptions", "SequenceName", "PulseSequenceName",
        "ImageType", "EchoTime", "RepetitionTime", "InversionTime", "FlipAngle", "SliceThickness", "SpacingBetweenSlices", "EchoTrainLength", "ContrastBolusIngredient", "BodyPartExamined",
        "ConversionSoftware", "ConversionSoftwareVersion",
    ];

    /// <summary>Reduces a file to what is kept, in place.</summary>
    /// <returns>The reduced content; empty when the file cannot be read, which then is deleted.</returns>
    public static JsonObject Reduce(string path)
    {
        try
        {
            var read = new FileInfo(path).Length <= MaximumBytes ? JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject : null;
            var reduced = new JsonObject();
            foreach (var name in Kept)
            {
                if (read?[name] is { } value)
                {
                    reduced[name] = value.DeepClone();
                }
            }

            DurableFile.WriteAllText(path, reduced.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
            return reduced;
        }
        catch (JsonException)
        {
            File.Delete(path);
            return [];
        }
    }

    /// <summary>Fills in the timing that the header of an enhanced file does not give.</summary>
    public static DicomHeader Complete(DicomHeader header, JsonObject sidecar) => header with
    {
        RepetitionTime = header.RepetitionTime ?? Milliseconds(sidecar, "RepetitionTime"),
        EchoTime = header.EchoTime ?? Milliseconds(sidecar, "EchoTime"),
        InversionTime = header.InversionTime ?? Milliseconds(sidecar, "InversionTime"),
        ScanningSequence = header.ScanningSequence.Count > 0 ? header.ScanningSequence
            : sidecar["ScanningSequence"] is JsonValue sequence && sequence.TryGetValue<string>(out var text) ? text.Split('\\', '_', ' ') : [],
    };

    private static double? Milliseconds(JsonObject sidecar, string name) =>
        sidecar[name] is JsonValue value && value.TryGetValue<double>(out var seconds) && double.IsFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
}
