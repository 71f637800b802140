using System.CommandLine;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Dicom;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.SiteAgent.Data;
using BrainMVP.Federated.SiteAgent.Hosting;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>data scan</c>: a folder as a hospital has it becomes a manifest that a person confirms.</summary>
internal static class DataScanCommand
{
    public static Command Create()
    {
        var path = new Argument<string>("dir") { Description = "Folder with images: BIDS, BraTS, UCSF-PDGM, IXI, ISLES, Decathlon / nnU-Net, BrainMVP lists, free names, DICOM, or several of them beside each other.", HelpName = "DIR" };
        var output = new Option<string>("--out") { Description = "Folder for manifest.csv, scan.json and nifti/ (converted DICOM series).", HelpName = "DIR", DefaultValueFactory = _ => "./scan" };
        var dry = new Option<bool>("--dry-run") { Description = "Only show what is there; nothing is written and no DICOM series is converted." };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace a manifest that is there, also one that a person corrected." };
        var keep = new Option<bool>("--keep-names") { Description = "Write subjects and examinations under their own names instead of pseudonyms." };
        var all = new Option<bool>("--all") { Description = "List every case and every series." };
        var command = CommandShape.Create(
            "scan",
            "Finds the series of a folder, proposes their modalities and writes a manifest to confirm. Reads headers only; the images stay where and as they are.",
            "data scan /data/mri",
            "data scan /data/mri --dry-run --all",
            "data scan /data/export --out /data/scan --dir site",
            "data scan /data/mri --out /data/scan --overwrite --keep-names");
        command.Add(path);
        foreach (var option in (Option[])[output, dry, overwrite, keep, all])
        {
            command.Add(option);
        }

        command.Does((result, folder, cancellation) => ScanAsync(
            Path.GetFullPath(result.GetRequiredValue(path)), result.GetValue(dry) ? null : new ScanFiles(result.GetRequiredValue(output)), result.GetValue(overwrite),
            result.GetValue(keep) ? null : folder, new ScanConsole(result.GetValue(all)), cancellation));
        return command;
    }

    /// <param name="files">Null writes nothing.</param>
    /// <param name="site">Holds the key of the pseudonyms; null keeps names.</param>
    private static async Task ScanAsync(string path, ScanFiles? files, bool overwrite, SiteFolder? site, ScanConsole console, CancellationToken cancellation)
    {
        if (File.Exists(path))
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"{path} is a file; `site-agent data check` looks at a manifest.");
        }

        files?.RequireFree(overwrite);
        var findings = DatasetScanner.Find(path, new ScanOptions { Except = files?.Folder, Progress = console.Progress }, cancellation);
        if (files is not null && findings.Series.Any(s => s.NeedsConversion))
        {
            var converter = await DicomConverter.FindAsync(TimeProvider.System, cancellation);
            findings = await converter.ConvertAsync(findings, files.Volumes, console.Progress, cancellation);
        }

        console.EndProgress();
        findings = findings.WithTwinsUncertain();
        if (findings.Series.All(s => s.Status == SeriesStatus.Ignored))
        {
            throw ErrorCatalogue.NoUsableCase.With(findings.Series.Count == 0
                ? $"{path} holds no NIfTI and no DICOM file."
                : $"{path}: all {findings.Series.Count} series were left out: {string.Join("; ", findings.Series.GroupBy(s => s.Proposal.Reason).OrderByDescending(g => g.Count()).Take(5).Select(g => $"{g.Count()} x {g.Key}"))}.");
        }

        // A dry run has no place for a key of its own, and shows only what it would write otherwise.
        var pseudonyms = site is null || (files is null && !File.Exists(site.PseudonymKey)) ? null : Pseudonyms.Open(site);
        var names = new ScanNames(findings, pseudonyms);
        console.Print(findings, names);
        if (files is not null)
        {
            var lines = files.Write(findings, names);
            Console.WriteLine();
            Console.WriteLine($"Wrote {files.Manifest} ({lines} series) and {files.Document}.");
            Console.WriteLine($"Next: correct the manifest where it is wrong or uncertain, then `site-agent data check {files.Manifest}`.");
        }
    }
}
