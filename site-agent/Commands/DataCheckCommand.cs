using System.CommandLine;
using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Quality;
using Spectre.Console;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>data check</c>: quality control of every case, judged as training would.</summary>
internal static class DataCheckCommand
{
    public const string JsonName = "quality.json";
    public const string PageName = "quality.html";

    public static Command Create()
    {
        var path = new Argument<string>("path") { Description = "Folder or CSV manifest.", HelpName = "PATH" };
        var target = new Option<string?>("--out") { Description = $"Folder for {JsonName} and {PageName}, a page with pictures. Without it nothing is written.", HelpName = "DIR" };
        var plan = new Option<string?>("--plan") { Description = $"Plan whose preparation is tried, or the name of a preset; {Presets.V1} without it.", HelpName = "PLAN" };
        var jobs = new Option<int?>("--jobs") { Description = "Cases at a time; as many as there are cores, or fewer where memory is short, without it.", HelpName = "N" };
        var command = CommandShape.Create(
            "check",
            "Reads every case as a run would, measures it, and lists which are usable and why others are not. Changes nothing.",
            "data check /data/mri",
            "data check manifest.csv --out quality --plan plan.yaml");
        command.Add(path);
        foreach (var option in (Option[])[target, plan, jobs])
        {
            command.Add(option);
        }

        command.Does((result, _, cancellation) =>
        {
            var count = result.GetValue(jobs) ?? Environment.ProcessorCount;
            if (count is < 1 or > 256)
            {
                throw ErrorCatalogue.ArgumentInvalid.With("--jobs must be 1 to 256.");
            }

            Check(Path.GetFullPath(result.GetValue(path)!), result.GetValue(target), Rules(result.GetValue(plan)), count, cancellation);
            return Task.CompletedTask;
        });
        return command;
    }

    private static Plan Rules(string? plan) => plan is null ? Presets.Create(Presets.V1)
        : !File.Exists(plan) && Presets.Names.Contains(plan, StringComparer.Ordinal) ? Presets.Create(plan)
        : PlanReader.ReadFile(plan);

    private static void Check(string path, string? target, Plan plan, int jobs, CancellationToken cancellation)
    {
        var folder = target is null ? null : Prepare(Path.GetFullPath(target));
        var scan = DatasetScanner.Scan(path, requireCase: false);
        var inspector = new DatasetInspector(plan.Imaging, Directory.Exists(path) ? path : Path.GetDirectoryName(path)!);
        var line = new ProgressLine(TimeProvider.System);
        var inspected = inspector.Inspect(
            scan, inspector.Jobs(scan, jobs), folder is not null, (done, name) => line.Show($"Checking cases {done}/{scan.Cases.Count}: {name}", done == scan.Cases.Count), cancellation);
        line.End();
        var report = inspector.Report(scan, inspected);
        Print(report, plan);
        if (folder is not null)
        {
            Write(folder, Path.GetFileName(Path.TrimEndingDirectorySeparator(path)) is { Length: > 0 } name ? name : path, report, inspected);
            Console.WriteLine($"{Path.Combine(folder, PageName)} shows the cases; {JsonName} beside it holds the measures.");
        }

        if (report.Summary.Usable == 0)
        {
            throw ErrorCatalogue.NoUsableCase.With($"All {report.Summary.Cases} cases are excluded.");
        }
    }

    /// <summary>Made before the work, so that a folder that cannot be written is known at once.</summary>
    private static string Prepare(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"--out: {folder} cannot be made: {e.Message}", e);
        }
    }

    private static void Write(string folder, string title, QualityReport report, IReadOnlyList<InspectedCase> inspected)
    {
        DurableFile.WriteAllText(Path.Combine(folder, JsonName), CanonicalJson.ToReadable(report) + "\n");
        DurableFile.Write(Path.Combine(folder, PageName), stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            QualityPage.Write(writer, title, report, inspected);
        });
    }

    private static void Print(QualityReport report, Plan plan)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("case", "modalities", "result");
        foreach (var item in report.Cases.OrderBy(c => c.Usable))
        {
            var result = !item.Usable ? string.Join("\n", item.Reasons.Select(r => $"{r.Code} {r.Text}"))
                : item.Warnings.Count > 0 ? $"usable; {string.Join(", ", item.Warnings.Select(w => w.Code).Distinct(StringComparer.Ordinal))}"
                : "usable";
            table.AddRow(Markup.Escape(item.Name), string.Join(" ", item.Modalities.Keys), Markup.Escape(result));
        }

        AnsiConsole.Write(table);
        var s = report.Summary;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{s.Usable} usable cases, {s.Cases - s.Usable} excluded{Counts(s.ExcludedByReason)}."));
        if (report.Cases.Where(c => c.Usable).SelectMany(c => c.Warnings.Select(w => w.Code).Distinct(StringComparer.Ordinal)).CountBy(w => w).ToDictionary() is { Count: > 0 } warnings)
        {
            Console.WriteLine($"Warnings on usable cases{Counts(warnings)}.");
        }

        foreach (var modality in Modalities.All.Where(m => s.UsableByModality.ContainsKey(m) || plan.Modalities.Contains(m, StringComparer.Ordinal)))
        {
            var note = plan.Modalities.Contains(modality, StringComparer.Ordinal) ? "" : "  (not in the plan)";
            Console.WriteLine($"  {modality,-6} {s.UsableByModality.GetValueOrDefault(modality)}{note}");
        }
    }

    private static string Counts(IReadOnlyDictionary<string, int> counts) => counts.Count == 0 ? ""
        : $" ({string.Join(", ", counts.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"{r.Key}: {r.Value}"))})";

    /// <summary>One line that moves on a terminal, a line now and then in a log; on standard error, so that the report can be redirected.</summary>
    private sealed class ProgressLine(TimeProvider time)
    {
        private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);
        private readonly bool _terminal = !Console.IsErrorRedirected;
        private long _last = time.GetTimestamp();
        private int _width;

        public void Show(string text, bool last)
        {
            if (_terminal)
            {
                Console.Error.Write('\r' + text.PadRight(_width));
                _width = text.Length;
            }
            else if (!last && time.GetElapsedTime(_last) > Between)
            {
                Console.Error.WriteLine(text);
                _last = time.GetTimestamp();
            }
        }

        public void End()
        {
            if (_width > 0)
            {
                Console.Error.WriteLine();
            }
        }
    }
}
