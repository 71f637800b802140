using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.Layouts;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>How to prepare.</summary>
public sealed record PreparationOptions
{
    public required Pipeline Pipeline { get; init; }

    /// <summary>Receives volumes/, work/, manifest.csv and prepare.json.</summary>
    public required string Folder { get; init; }

    /// <summary>Cases at a time; 0 for as many as the cores allow with the pipeline's threads.</summary>
    public int Jobs { get; init; }

    /// <summary>Keeps the volumes between the steps.</summary>
    public bool KeepWork { get; init; }
}

/// <summary>
/// Runs a pipeline over a data set. Cases run side by side; one that fails is left out with its reason. Everything that
/// was finished is found again by a later start, whatever ended the one before.
/// </summary>
public sealed class ExternalPreparation(PreparationOptions options, TimeProvider time, IProgress<ExternalProgress>? progress = null)
{
    public const string ManifestName = "manifest.csv";

    public const string ReportName = "prepare.json";

    private const string CaseRecordName = "case.json";

    private readonly FileHashes _hashes = new();
    private readonly Lock _lock = new();
    private int _done;

    private string Work => Path.Combine(options.Folder, "work");

    private string Volumes => Path.Combine(options.Folder, "volumes");

    /// <summary>Prepares every case of a scan and writes manifest.csv with the usable ones.</summary>
    /// <exception cref="FederationException">
    /// BMF-1101 when no case is usable, BMF-1114 when a program is missing, BMF-1117, BMF-1403 when the disk is full, BMF-1009 when
    /// another process prepares into the same folder.
    /// </exception>
    public async Task<PreparationReport> RunAsync(ScanResult scan, CancellationToken cancellation)
    {
        using var folderLock = FolderLock.Take(Path.Combine(options.Folder, "prepare.lock"));
        try
        {
            var leftOut = scan.Skipped.Select(s => new LeftOut(s.Subject, s.Error.Id, s.Detail)).ToArray();
            return options.Pipeline.Steps.Count == 0 ? WithoutSteps(scan, leftOut) : await WithStepsAsync(scan, leftOut, cancellation);
        }
        catch (IOException e) when (DurableFile.IsDiskFull(e))
        {
            throw ErrorCatalogue.DiskFull.With($"Preparing into {options.Folder} failed: {e.Message}", e);
        }
    }

    private PreparationReport WithoutSteps(ScanResult scan, LeftOut[] leftOut)
    {
        var report = new PreparationReport
        {
            Pipeline = options.Pipeline.Name,
            Programs = [],
            Cases = [.. scan.Cases.OrderBy(c => c.Name, StringComparer.Ordinal).Select(c => new CaseReport { Subject = c.Subject, Session = c.Session, Outcome = "prepared" })],
            LeftOut = leftOut,
        };
        Save(report, scan.Cases.OrderBy(c => c.Name, StringComparer.Ordinal).SelectMany(c => Rows(c, m => m == ManifestRow.Segmentation ? c.Segmentation : c.Series.GetValueOrDefault(m))));
        return report;
    }

    private async Task<PreparationReport> WithStepsAsync(ScanResult scan, LeftOut[] leftOut, CancellationToken cancellation)
    {
        var programs = await FindProgramsAsync(scan, cancellation);
        Directory.CreateDirectory(Work);
        OrphanedPrograms.Kill(Work);
        var usesAtlas = options.Pipeline.Has(StepKind.Atlas) || options.Pipeline.Steps.Any(s => s is { Kind: StepKind.Strip, Gives: StepResult.Transform })
            || options.Pipeline.Steps.SelectMany(s => s.Arguments).SelectMany(a => a.Placeholders).Any(p => p is Placeholders.AtlasImage or Placeholders.AtlasMask or Placeholders.AtlasBrain);
        var atlas = usesAtlas ? Atlas.Open(options.Pipeline, Path.Combine(Work, "atlas"), cancellation) : null;
        var parameters = BuiltInPipelines.WriteParameters(Path.Combine(Work, "parameters"));
        var finished = new CaseRecord?[scan.Cases.Count];
        var reports = new CaseReport[scan.Cases.Count];
        var cases = scan.Cases.OrderBy(c => c.Name, StringComparer.Ordinal).ToArray();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Jobs(), CancellationToken = cancellation };
        try
        {
            await Parallel.ForAsync(0, cases.Length, parallel, async (n, stop) => (reports[n], finished[n]) = await OneAsync(cases[n], cases.Length, programs, atlas, parameters, stop));
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }

        var report = new PreparationReport
        {
            Pipeline = options.Pipeline.Name,
            Programs = [.. programs.Select(p => new ProgramReport(p.Key, p.Value.Path, p.Value.Version))],
            Cases = reports,
            LeftOut = leftOut,
        };
        Save(report, cases.Zip(finished).Where(c => c.Second is not null).SelectMany(c => Rows(c.First, m =>
            c.Second!.Files.TryGetValue(m, out var file) ? new SeriesFile(Path.Combine(VolumesOf(c.First), file)) : null)));
        return finished.Any(f => f is not null) ? report : throw ErrorCatalogue.NoUsableCase.With(
            $"All {cases.Length} cases were excluded; {Path.Combine(options.Folder, ReportName)} has the reasons. {string.Join("; ", reports.Take(3).Select(r => $"{r.Name}: {r.Error} {r.Reason}"))}");
    }

    private int Jobs() => options.Jobs > 0 ? options.Jobs : Math.Max(1, Environment.ProcessorCount / options.Pipeline.Threads);

    /// <summary>Only programs of steps that some case needs have to be there.</summary>
    private async Task<IReadOnlyDictionary<string, ExternalProgram>> FindProgramsAsync(ScanResult scan, CancellationToken cancellation)
    {
        var programs = new Dictionary<string, ExternalProgram>(StringComparer.Ordinal);
        foreach (var step in options.Pipeline.Steps.Where(s => IsNeeded(s, scan)))
        {
            if (!programs.ContainsKey(step.Program.Name))
            {
                programs[step.Program.Name] = await ExternalProgram.FindAsync(step.Program, time, cancellation);
            }
        }

        return programs;
    }

    private static bool IsNeeded(PipelineStep step, ScanResult scan) => step.Kind switch
    {
        StepKind.Convert => scan.Cases.Any(c => c.Series.Values.Any(s => DicomInput.FolderOf(s.Path) is not null)),
        StepKind.Register => scan.Cases.Any(c => c.Series.Count > 1),
        _ => true,
    };

    private string VolumesOf(ScannedCase scanned) => Path.Combine(Volumes, SafeName.Of(scanned.Name));

    private async Task<(CaseReport Report, CaseRecord? Record)> OneAsync(
        ScannedCase scanned, int total, IReadOnlyDictionary<string, ExternalProgram> programs, Atlas? atlas, string parameters, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var folder = Path.Combine(Work, SafeName.Of(scanned.Name));
        Tell(scanned, "starting", total, null);
        var steps = new CaseSteps(options.Pipeline, programs, atlas, parameters, new StepRunner(_hashes, Work, time), _hashes, step => Tell(scanned, step, total, null));
        try
        {
            var key = steps.Key(scanned);
            if (Known(scanned, folder, key) is { } known)
            {
                Tidy(folder);
                Tell(scanned, null, total, "reused");
                return (known.Report with { Outcome = "reused", Seconds = Elapsed(started) }, known);
            }

            StepRunner.Sweep(folder);
            Clear(VolumesOf(scanned));
            var space = await steps.RunAsync(scanned, folder, cancellation);
            Tell(scanned, "volumes", total, null);
            var written = CaseVolumes.Write(scanned, space, atlas, options.Pipeline.MinimumOverlap, VolumesOf(scanned), cancellation);
            var record = new CaseRecord
            {
                Key = key,
                Files = written.Files,
                Hashes = written.Files.ToDictionary(f => f.Value, f => FileHash.Of(Path.Combine(VolumesOf(scanned), f.Value)), StringComparer.Ordinal),
                Report = new CaseReport
                {
                    Subject = scanned.Subject,
                    Session = scanned.Session,
                    Outcome = "prepared",
                    Seconds = Elapsed(started),
                    Steps = steps.Reports,
                    Reference = space.Reference,
                    BrainMillilitres = written.BrainMillilitres is { } ml ? Math.Round(ml, 1) : null,
                    AtlasOverlap = written.AtlasOverlap is { } dice ? Math.Round(dice, 4) : null,
                    Overlaps = written.Overlaps,
                    Notes = [.. steps.Notes, .. written.Notes],
                },
            };
            DurableFile.WriteAllText(Path.Combine(folder, CaseRecordName), CanonicalJson.ToReadable(record));
            Tidy(folder);
            Tell(scanned, null, total, "prepared");
            return (record.Report, record);
        }
        catch (FederationException e) when (e.Code.Number is >= 1100 and < 1200)
        {
            Clear(VolumesOf(scanned));
            Tell(scanned, null, total, e.Code.Id);
            return (new CaseReport { Subject = scanned.Subject, Session = scanned.Session, Outcome = "excluded", Error = e.Code.Id, Reason = e.Message, Seconds = Elapsed(started), Steps = steps.Reports }, null);
        }
    }

    /// <summary>The record of a case whose inputs, commands and volumes are still those of the record.</summary>
    private CaseRecord? Known(ScannedCase scanned, string folder, string key)
    {
        try
        {
            var path = Path.Combine(folder, CaseRecordName);
            if (!File.Exists(path))
            {
                return null;
            }

            var record = CanonicalJson.Read<CaseRecord>(File.ReadAllBytes(path));
            var volumes = VolumesOf(scanned);
            return record.Key == key && record.Hashes.All(h => File.Exists(Path.Combine(volumes, h.Key)) && FileHash.Of(Path.Combine(volumes, h.Key)) == h.Value) ? record : null;
        }
        catch (Exception e) when (e is FederationException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Once its final volumes are written, only records, logs and transforms of a case stay.</summary>
    private void Tidy(string folder)
    {
        StepRunner.Sweep(folder);
        if (options.KeepWork)
        {
            return;
        }

        Clear(Path.Combine(folder, "input"));
        foreach (var file in Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Where(f => f.EndsWith(".nii", StringComparison.Ordinal) || f.EndsWith(".nii.gz", StringComparison.Ordinal)))
        {
            File.Delete(file);
        }
    }

    private static void Clear(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private void Save(PreparationReport report, IEnumerable<ManifestRow> rows)
    {
        ManifestWriter.Write(Path.Combine(options.Folder, ManifestName), rows);
        DurableFile.WriteAllText(Path.Combine(options.Folder, ReportName), CanonicalJson.ToReadable(report));
    }

    private static IEnumerable<ManifestRow> Rows(ScannedCase scanned, Func<string, SeriesFile?> file) =>
        Contracts.Identity.Modalities.All.Append(ManifestRow.Segmentation)
            .Select(m => (Modality: m, File: file(m)))
            .Where(r => r.File is not null)
            .Select(r => new ManifestRow(scanned.Subject, scanned.Session, r.Modality, r.File!, SeriesStatus.Accepted, "") { Class = scanned.Class });

    private double Elapsed(long started) => Math.Round(time.GetElapsedTime(started).TotalSeconds, 1);

    private void Tell(ScannedCase scanned, string? step, int total, string? outcome)
    {
        lock (_lock)
        {
            _done += outcome is null ? 0 : 1;
            progress?.Report(new ExternalProgress(scanned.Name, step, _done, total, outcome));
        }
    }
}
