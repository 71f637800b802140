using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.Layouts;

namespace BrainMVP.Federated.SiteAgent.Data;

/// <summary>The files that a scan writes: manifest.csv, scan.json, and nifti/ with converted DICOM series.</summary>
internal sealed class ScanFiles(string folder)
{
    public string Folder { get; } = Path.GetFullPath(folder);

    public string Manifest => Path.Combine(Folder, "manifest.csv");

    public string Document => Path.Combine(Folder, "scan.json");

    public string Volumes => Path.Combine(Folder, "nifti");

    /// <exception cref="FederationException">BMF-1120 when there is a manifest that a person may have corrected.</exception>
    public void RequireFree(bool overwrite)
    {
        if (!overwrite && File.Exists(Manifest))
        {
            throw ErrorCatalogue.ManifestExists.With(Manifest);
        }
    }

    /// <summary>Writes scan.json, then the manifest, so that whoever sees a manifest sees the findings of the same scan.</summary>
    /// <returns>Lines of the manifest without its header.</returns>
    public int Write(ScanFindings findings, ScanNames names)
    {
        DurableFile.WriteAllText(Document, CanonicalJson.ToReadable(ScanDocument.Of(findings, names)));
        var rows = findings.Series
            .Where(s => s.Dicom is null || s.File.Path.EndsWith(".nii.gz", StringComparison.Ordinal))
            .Select(s => new ManifestRow(names.Subject(s), names.Session(s), s.Modality, s.File, s.Status, s.Proposal.Reason) { Class = s.Class })
            .OrderBy(r => r.Subject, StringComparer.Ordinal).ThenBy(r => r.Session, StringComparer.Ordinal).ThenBy(r => r.File.Path, StringComparer.Ordinal).ThenBy(r => r.File.Volume)
            .ToArray();
        ManifestWriter.Write(Manifest, rows);
        return rows.Length;
    }
}
