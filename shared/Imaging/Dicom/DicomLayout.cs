using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Layouts;

namespace BrainMVP.Federated.Imaging.Dicom;

/// <summary>
/// An export of a scanner or archive, nested or flat, with whatever file names: files are grouped by the patient,
/// study and series that their headers name. DICOMDIR is not needed and not read.
/// </summary>
internal sealed class DicomLayout : ILayout
{
    private const int Probes = 64;

    public string? Recognise(DatasetFolder folder)
    {
        var candidates = folder.Files.Where(DicomFile.MayBe).ToArray();
        var step = Math.Max(1, candidates.Length / Probes);
        return candidates.Where((_, n) => n % step == 0).Any(f => DicomFile.Read(folder.FullPath(f)).Outcome is DicomOutcome.Header or DicomOutcome.Refused) ? "DICOM export" : null;
    }

    public IEnumerable<LayoutSeries> Read(DatasetFolder folder)
    {
        var groups = new SortedDictionary<(string Patient, string Study, string Series), Group>();
        var refused = new List<string>();
        var done = 0;
        foreach (var file in folder.Files.Where(DicomFile.MayBe))
        {
            var path = folder.FullPath(file);
            var (outcome, header) = DicomFile.Read(path);
            folder.Report?.Invoke(new ScanProgress("DICOM headers read", ++done));
            if (outcome == DicomOutcome.Refused)
            {
                refused.Add(path);
            }
            else if (header is not null)
            {
                var key = (header.PatientId, header.StudyUid, header.SeriesUid);
                (groups.TryGetValue(key, out var group) ? group : groups[key] = new Group(header)).Add(header, path);
            }
        }

        foreach (var patient in groups.GroupBy(g => g.Key.Patient, StringComparer.Ordinal))
        {
            var sessions = Sessions(patient.Select(g => g.Value.Header));
            foreach (var (key, group) in patient)
            {
                var series = new DicomSeries(group.Header, group.Files, [.. group.EchoTimes.Order()]) { Images = group.Images };
                yield return new LayoutSeries(key.Patient.Length > 0 ? key.Patient : key.Study, sessions[key.Study], new SeriesFile(group.Files[0]), DicomRules.Propose(series)) { Dicom = series };
            }
        }

        foreach (var path in refused)
        {
            yield return new LayoutSeries(folder.FolderName, "", new SeriesFile(path), ModalityProposal.Ignored("DICOM in an encoding that is not read (deflated, big endian, or without series)")) { Error = ErrorCatalogue.DicomUnreadable };
        }
    }

    /// <summary>A study is an examination, named by its date: studies in the order of date and identifier.</summary>
    private static Dictionary<string, string> Sessions(IEnumerable<DicomHeader> headers)
    {
        var studies = headers.GroupBy(h => h.StudyUid, StringComparer.Ordinal).Select(g => (Study: g.Key, Date: g.First().StudyDate)).OrderBy(s => s.Date, StringComparer.Ordinal).ThenBy(s => s.Study, StringComparer.Ordinal);
        var (sessions, seen) = (new Dictionary<string, string>(StringComparer.Ordinal), new Dictionary<string, int>(StringComparer.Ordinal));
        foreach (var (study, date) in studies)
        {
            var name = DateOnly.TryParseExact(date, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : "undated";
            var count = seen[name] = seen.GetValueOrDefault(name) + 1;
            sessions[study] = count == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}_{count}");
        }

        return sessions;
    }

    private sealed class Group(DicomHeader header)
    {
        public DicomHeader Header { get; } = header;

        public List<string> Files { get; } = [];

        public HashSet<double> EchoTimes { get; } = [];

        public int Images { get; private set; }

        public void Add(DicomHeader file, string path)
        {
            Files.Add(path);
            Images += file.Frames;
            if (file.EchoTime is { } echo)
            {
                EchoTimes.Add(echo);
            }
        }
    }
}
