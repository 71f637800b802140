using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.External;
using BrainMVP.Federated.Imaging.Layouts;

namespace BrainMVP.Federated.Imaging.Dicom;

/// <summary>Converts the DICOM series of a scan to NIfTI with dcm2niix, one series at a time. A series that fails does not stop the others.</summary>
public sealed class DicomConverter
{
    private static readonly ProgramRequirement Dcm2niix = new("dcm2niix", "--version", @"v(\d+\.\d+\.\d{8})", new Version(1, 0, 20211006));
    private static readonly TimeSpan SeriesLimit = TimeSpan.FromMinutes(10);

    private readonly ExternalProgram _program;
    private readonly TimeProvider _time;

    private DicomConverter(ExternalProgram program, TimeProvider time)
    {
        _program = program;
        _time = time;
    }

    /// <summary>Looks for dcm2niix in PATH.</summary>
    /// <exception cref="FederationException">BMF-1114 when it is absent or too old.</exception>
    public static async Task<DicomConverter> FindAsync(TimeProvider time, CancellationToken cancellation) => new(await ExternalProgram.FindAsync(Dcm2niix, time, cancellation), time);

    /// <summary>Replaces every DICOM series that is not ignored by the volumes that it becomes.</summary>
    /// <param name="folder">Receives the volumes and what is kept of their JSON files.</param>
    /// <exception cref="FederationException">BMF-1403 when the disk is full.</exception>
    public async Task<ScanFindings> ConvertAsync(ScanFindings findings, string folder, Action<ScanProgress>? progress, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        var (series, done) = (new List<SeriesFinding>(findings.Series.Count), 0);
        foreach (var finding in findings.Series)
        {
            if (!finding.NeedsConversion)
            {
                series.Add(finding);
                continue;
            }

            series.AddRange(await ConvertAsync(finding, folder, cancellation));
            progress?.Invoke(new ScanProgress("DICOM series converted", ++done));
        }

        return findings with { Series = series };
    }

    private async Task<IReadOnlyList<SeriesFinding>> ConvertAsync(SeriesFinding finding, string folder, CancellationToken cancellation)
    {
        // The working folder lies beside the result, so that finished files only have to be renamed.
        var work = Path.Combine(folder, ".converting");
        try
        {
            var (source, result) = (Path.Combine(work, "in"), Path.Combine(work, "out"));
            Clear(work);
            Directory.CreateDirectory(source);
            Directory.CreateDirectory(result);
            foreach (var (n, file) in finding.Dicom!.Files.Index())
            {
                Provide(file, Path.Combine(source, n.ToString("D7", CultureInfo.InvariantCulture) + ".dcm"));
            }

            var ended = await _program.RunAsync(["-z", "y", "-b", "y", "-ba", "y", "-f", "%j_%s_%d", "-o", result, source], work, SeriesLimit, _time, cancellation);
            var volumes = Directory.EnumerateFiles(result, "*.nii.gz").Order(StringComparer.Ordinal).ToArray();
            return volumes.Length > 0
                ? [.. volumes.Select(v => Adopt(finding, v, folder, volumes.Length))]
                : [Failed(finding, $"dcm2niix ended with {ended.ExitCode.ToString(CultureInfo.InvariantCulture)}: {ExternalProgram.LastLines(ended.Error + "\n" + ended.Output)}")];
        }
        catch (FederationException e) when (e.Code == ErrorCatalogue.ProgramFailed || e.Code == ErrorCatalogue.ProgramTimedOut)
        {
            return [Failed(finding, e.Message)];
        }
        catch (IOException e) when (DurableFile.IsDiskFull(e))
        {
            throw ErrorCatalogue.DiskFull.With($"Converting into {folder} failed: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [Failed(finding, e.Message)];
        }
        finally
        {
            Clear(work);
        }
    }

    private static SeriesFinding Adopt(SeriesFinding finding, string volume, string folder, int count)
    {
        var target = Path.Combine(folder, Path.GetFileName(volume));
        var sidecar = volume[..^".nii.gz".Length] + ".json";
        var proposal = finding.Proposal;
        if (File.Exists(sidecar))
        {
            var kept = Sidecar.Reduce(sidecar);
            if (finding.Dicom!.Header.RepetitionTime is null)
            {
                proposal = DicomRules.Propose(finding.Dicom with { Header = Sidecar.Complete(finding.Dicom.Header, kept) });
            }

            if (File.Exists(sidecar))
            {
                File.Move(sidecar, target[..^".nii.gz".Length] + ".json", overwrite: true);
            }
        }

        foreach (var extension in (ReadOnlySpan<string>)[".bval", ".bvec"])
        {
            var beside = volume[..^".nii.gz".Length] + extension;
            if (File.Exists(beside))
            {
                File.Move(beside, target[..^".nii.gz".Length] + extension, overwrite: true);
            }
        }

        File.Move(volume, target, overwrite: true);
        if (count > 1 && proposal.Status != SeriesStatus.Ignored)
        {
            proposal = proposal.Doubted(FormattableString.Invariant($"dcm2niix made {count} volumes of the series"));
        }

        return SeriesCheck.Apply(finding with { File = new SeriesFile(target), Proposal = proposal, NeedsConversion = false });
    }

    private static SeriesFinding Failed(SeriesFinding finding, string why) => finding with
    {
        NeedsConversion = false,
        Error = ErrorCatalogue.DicomUnreadable,
        Proposal = ModalityProposal.Ignored($"{ErrorCatalogue.DicomUnreadable.Id} {ErrorCatalogue.DicomUnreadable.Title.TrimEnd('.')}"),
        CaseProblem = why,
    };

    /// <summary>A link where the system allows it, else a copy: a flat export mixes the files of many series in one folder.</summary>
    private static void Provide(string file, string target)
    {
        try
        {
            File.CreateSymbolicLink(target, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException && !DurableFile.IsDiskFull(e))
        {
            File.Copy(file, target);
        }
    }

    private static void Clear(string work)
    {
        if (Directory.Exists(work))
        {
            Directory.Delete(work, recursive: true);
        }
    }
}
