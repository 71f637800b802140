using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Layouts.Naming;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>
/// Medical Segmentation Decathlon and nnU-Net: dataset.json names the channels; imagesTr and imagesTs hold either one
/// file per channel (CASE_0000.nii.gz) or one file with a volume per channel; labelsTr holds the label maps.
/// </summary>
internal sealed partial class DecathlonLayout : ILayout
{
    private const string DescriptionFile = "dataset.json";
    private static readonly string[] ImageFolders = ["imagesTr", "imagesTs", "imagesVal"];
    private static readonly string[] LabelFolders = ["labelsTr", "labelsTs", "labelsVal"];

    public string? Recognise(DatasetFolder folder) =>
        folder.Has(DescriptionFile) && folder.Images.Any(f => ImageFolders.Any(i => f.StartsWith(i + "/", StringComparison.Ordinal)))
            ? $"Decathlon / nnU-Net data set ({DescriptionFile})" : null;

    public IEnumerable<LayoutSeries> Read(DatasetFolder folder)
    {
        var channels = Channels(folder);
        var perFile = folder.Images.Any(f => Channel(f) is "0000") && folder.Images.Where(f => InAny(f, ImageFolders)).All(f => Channel(f) is { } c && Number(c) < channels.Count);
        foreach (var image in folder.Images)
        {
            var stem = DatasetFolder.ImageStem(image)!;
            if (InAny(image, LabelFolders))
            {
                yield return new LayoutSeries(stem, "", folder.Series(image), ModalityProposal.Certain(ManifestRow.Segmentation, "in a folder of label maps"));
            }
            else if (!InAny(image, ImageFolders))
            {
                yield return new LayoutSeries(stem, "", folder.Series(image), ModalityProposal.Ignored("beside the image folders of the data set"));
            }
            else if (perFile)
            {
                var channel = Number(Channel(image)!);
                yield return new LayoutSeries(stem[..^5], "", folder.Series(image), channels[channel]);
            }
            else
            {
                for (var n = 0; n < channels.Count; n++)
                {
                    yield return new LayoutSeries(stem, "", folder.Series(image, channels.Count == 1 ? null : n), channels[n]);
                }
            }
        }
    }

    private static List<ModalityProposal> Channels(DatasetFolder folder)
    {
        var path = folder.FullPath(DescriptionFile);
        try
        {
            using var document = JsonDocument.Parse(folder.ReadDescription(DescriptionFile));
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !(document.RootElement.TryGetProperty("channel_names", out var names) || document.RootElement.TryGetProperty("modality", out names))
                || names.ValueKind != JsonValueKind.Object)
            {
                throw ErrorCatalogue.DatasetFileInvalid.With($"{path} has no \"channel_names\" and no \"modality\".");
            }

            var channels = names.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.ValueKind == JsonValueKind.String ? p.Value.GetString()! : "", StringComparer.Ordinal);
            return channels.Count is > 0 and <= 1000 && Enumerable.Range(0, channels.Count).All(n => channels.ContainsKey(n.ToString(CultureInfo.InvariantCulture)))
                ? [.. Enumerable.Range(0, channels.Count).Select(n => Propose(channels[n.ToString(CultureInfo.InvariantCulture)]))]
                : throw ErrorCatalogue.DatasetFileInvalid.With($"{path}: the channels must be numbered \"0\", \"1\", and so on.");
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            throw ErrorCatalogue.DatasetFileInvalid.With($"{path} is not JSON: {e.Message}", e);
        }
    }

    private static ModalityProposal Propose(string channel)
    {
        if (channel.Trim().ToUpperInvariant() is "CT" or "PET" or "CBCT" or "XRAY")
        {
            return ModalityProposal.Ignored("not MRI");
        }

        var proposal = ModalityReader.Read(channel, TextKind.Description).Proposal;
        return proposal.Status == SeriesStatus.Accepted ? proposal with { Reason = $"channel '{channel}' of {DescriptionFile}" }
            : proposal with { Reason = $"channel '{channel}' of {DescriptionFile}: {proposal.Reason}" };
    }

    private static bool InAny(string file, string[] folders) => Array.Exists(folders, f => file.StartsWith(f + "/", StringComparison.Ordinal));

    private static string? Channel(string file) => ChannelSuffix().Match(DatasetFolder.ImageStem(file)!) is { Success: true } match ? match.Groups[1].Value : null;

    private static int Number(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);

    [GeneratedRegex("^.+_([0-9]{4})$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ChannelSuffix();
}
