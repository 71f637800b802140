using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.Layouts;

namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>Names a prepared case by everything that it depends on.</summary>
public static class CaseKey
{
    private static readonly string[] PairEnds = [".hdr", ".hdr.gz", ".img", ".img.gz"];

    /// <summary>
    /// SHA-256 over the rules of preparation, the case's name, and the bytes of its series. Its class and its label map
    /// are not among them.
    /// </summary>
    /// <exception cref="FederationException">BMF-1110 when a series cannot be read.</exception>
    public static string Of(ScannedCase scanned, ImagingPlan plan, int transformVersion = CasePreparer.TransformVersion) => CanonicalJson.Hash(new
    {
        Rules = RulesOf(plan, transformVersion),
        scanned.Subject,
        scanned.Session,
        Series = scanned.Series.OrderBy(s => Modalities.IndexOf(s.Key)).Select(s => new { Modality = s.Key, s.Value.Volume, Files = Hashes(s.Value.Path) }).ToArray(),
    });

    /// <summary>SHA-256 over what a label map on the grid of its case depends on: the case and the label map's bytes.</summary>
    /// <exception cref="FederationException">BMF-1110 when a file cannot be read.</exception>
    public static string OfLabels(ScannedCase scanned, SeriesFile labels, ImagingPlan plan) =>
        CanonicalJson.Hash(new { Case = Of(scanned, plan), labels.Volume, Files = Hashes(labels.Path) });

    /// <summary>
    /// SHA-256 over what a case depends on beside its own files: the transform version and the plan's imaging part
    /// without canvas and crops. Plans that differ only there share their prepared cases; a field that is new counts.
    /// </summary>
    public static string RulesOf(ImagingPlan plan, int transformVersion = CasePreparer.TransformVersion) => CanonicalJson.Hash(new
    {
        transformVersion,
        Plan = plan with { Canvas = [], Crop = [], CropPosition = "" },
    });

    /// <summary>Hashes of a series' files in a fixed order; header and image of a pair, whichever of them is named.</summary>
    private static string[] Hashes(string path)
    {
        try
        {
            return [.. FilesOf(path).Select(FileHash.Of)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.DataFolderMissing.With($"{path} cannot be read: {e.Message}", e);
        }
    }

    private static IEnumerable<string> FilesOf(string path) => PairEnds.FirstOrDefault(e => path.EndsWith(e, StringComparison.OrdinalIgnoreCase)) is { } end
        ? PairEnds.Select(e => path[..^end.Length] + e).Where(File.Exists).Append(path).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
        : [path];
}
