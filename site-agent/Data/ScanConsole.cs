using System.Globalization;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Imaging.Layouts;
using Spectre.Console;

namespace BrainMVP.Federated.SiteAgent.Data;

/// <summary>What a person sees of a scan: progress, the case by modality table, and what has to be decided.</summary>
internal sealed class ScanConsole(bool all)
{
    private const int CasesShown = 20;
    private const int GroupsShown = 12;
    private const int FilesShown = 3;

    /// <summary>Terminals tell their width; a file or a pipe gets room for every column.</summary>
    private const int WidthOfFiles = 120;

    private static readonly string[] Columns = [.. Modalities.All, ManifestRow.Segmentation];
    private readonly bool _terminal = !Console.IsOutputRedirected;
    private readonly IAnsiConsole _console = Create();
    private int _width;

    public void Progress(ScanProgress progress)
    {
        if (_terminal && (progress.Done % 50 == 0 || progress.What.Contains("converted", StringComparison.Ordinal)))
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"{progress.Done} {progress.What} ...");
            Console.Write('\r' + text.PadRight(_width));
            _width = text.Length;
        }
    }

    public void EndProgress()
    {
        if (_width > 0)
        {
            Console.Write('\r' + new string(' ', _width) + '\r');
            _width = 0;
        }
    }

    public void Print(ScanFindings findings, ScanNames names)
    {
        PrintDatasets(findings);
        PrintCases(findings, names);
        Line($"{findings.Series.Count} series: {Count(findings, SeriesStatus.Accepted)} certain, {Count(findings, SeriesStatus.Uncertain)} uncertain, {Count(findings, SeriesStatus.Ignored)} ignored.");
        PrintUncertain(findings);
        PrintIgnored(findings);
        foreach (var folder in findings.Unreadable)
        {
            Line($"The folder {Printable(folder)} may not be read.");
        }
    }

    private void PrintDatasets(ScanFindings findings)
    {
        foreach (var dataset in findings.Datasets)
        {
            var subjects = findings.Series.Where(s => s.Dataset == dataset.Name && s.Status != SeriesStatus.Ignored).Select(s => s.FullSubject).Distinct(StringComparer.Ordinal).Count();
            var name = dataset.Name.Length == 0 ? Path.GetFileName(findings.Path) : dataset.Name;
            _console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]{Printable(name)}[/]: {Printable(dataset.Layout)}; {subjects} {(subjects == 1 ? "subject" : "subjects")}{(dataset.Note.Length > 0 ? "; " + Printable(dataset.Note) : "")}");
        }
    }

    private void PrintCases(ScanFindings findings, ScanNames names)
    {
        var used = findings.Series.Where(s => s.Status != SeriesStatus.Ignored && s.Modality.Length > 0).ToArray();
        var columns = Columns.Where(c => Array.Exists(used, s => s.Modality == c)).ToArray();
        var cases = used.GroupBy(s => (s.FullSubject, s.Session)).ToArray();
        if (cases.Length == 0)
        {
            return;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("case").NoWrap()).AddColumn(new TableColumn("in the manifest").NoWrap());
        table.AddColumns([.. columns.Select(c => new TableColumn(c).Centered().NoWrap())]);
        var shown = all ? cases : Shown(cases);
        foreach (var item in shown)
        {
            var name = item.Key.Session.Length == 0 ? item.Key.FullSubject : $"{item.Key.FullSubject} {item.Key.Session}";
            var written = names.Session(item.First()) is { Length: > 0 } session ? $"{names.Subject(item.First())} {session}" : names.Subject(item.First());
            table.AddRow([Cell(name, 34), Cell(written, 24), .. columns.Select(c => Cell(item, c))]);
        }

        if (cases.Length > shown.Count)
        {
            table.AddRow([string.Create(CultureInfo.InvariantCulture, $"[dim]{cases.Length - shown.Count} more: --all[/]"), "", .. columns.Select(_ => "")]);
        }

        table.AddEmptyRow();
        table.AddRow([string.Create(CultureInfo.InvariantCulture, $"certain, of {cases.Length} cases"), "", .. columns.Select(c => Number(cases, c, SeriesStatus.Accepted))]);
        table.AddRow(["uncertain", "", .. columns.Select(c => Number(cases, c, SeriesStatus.Uncertain))]);
        _console.Write(table);
    }

    /// <summary>The first cases of every data set, so that a large one does not hide the others.</summary>
    private static IReadOnlyList<IGrouping<(string FullSubject, string Session), SeriesFinding>> Shown(IGrouping<(string FullSubject, string Session), SeriesFinding>[] cases)
    {
        var datasets = cases.GroupBy(c => c.First().Dataset, StringComparer.Ordinal).ToArray();
        var room = CasesShown;
        var shown = new HashSet<(string, string)>();
        foreach (var (n, dataset) in datasets.OrderBy(d => d.Count()).Index())
        {
            var share = dataset.Take(Math.Max(1, room / (datasets.Length - n))).Select(c => c.Key).ToArray();
            shown.UnionWith(share);
            room -= share.Length;
        }

        return [.. cases.Where(c => shown.Contains(c.Key))];
    }

    private void PrintUncertain(ScanFindings findings)
    {
        var groups = findings.Series.Where(s => s.Status == SeriesStatus.Uncertain).GroupBy(s => (s.Modality, s.Proposal.Reason)).OrderByDescending(g => g.Count()).ToArray();
        if (groups.Length == 0)
        {
            return;
        }

        Line($"");
        Line($"Uncertain - in manifest.csv, set the status to accepted (and the modality, if it is another) or to ignored:");
        foreach (var group in groups.Take(all ? groups.Length : GroupsShown))
        {
            _console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"  [yellow]{group.Count()} x {(group.Key.Modality.Length > 0 ? group.Key.Modality + "?" : "modality unknown")}[/]: {Printable(group.Key.Reason)}");
            foreach (var item in group.Take(all ? group.Count() : FilesShown))
            {
                Line($"      {Printable(Relative(findings.Path, item))}");
            }

            if (!all && group.Count() > FilesShown)
            {
                Line($"      and {group.Count() - FilesShown} more");
            }
        }

        if (!all && groups.Length > GroupsShown)
        {
            Line($"  and {groups.Skip(GroupsShown).Sum(g => g.Count())} more for other reasons: --all lists everything");
        }
    }

    private void PrintIgnored(ScanFindings findings)
    {
        var groups = findings.Series.Where(s => s.Status == SeriesStatus.Ignored).GroupBy(s => s.Proposal.Reason, StringComparer.Ordinal).OrderByDescending(g => g.Count()).ToArray();
        if (groups.Length > 0)
        {
            Line($"");
            Line($"Ignored:");
        }

        foreach (var group in groups)
        {
            Line($"  {group.Count()} x {Printable(group.Key)}{(group.First().Error is not null || all ? $", for example {Printable(Relative(findings.Path, group.First()))}" : "")}");
            foreach (var item in all ? group.Skip(1) : [])
            {
                Line($"      {Printable(Relative(findings.Path, item))}");
            }
        }
    }

    private static string Relative(string root, SeriesFinding finding)
    {
        var path = finding.Dicom is { Files.Count: > 1 } dicom && !finding.File.Path.EndsWith(".nii.gz", StringComparison.Ordinal)
            ? $"{Path.GetRelativePath(root, Path.GetDirectoryName(finding.File.Path)!)} ({dicom.Files.Count.ToString(CultureInfo.InvariantCulture)} files)"
            : Path.GetRelativePath(root, finding.File.ToString());
        return finding.Dicom is not null && finding.File.Path.EndsWith(".nii.gz", StringComparison.Ordinal) ? Path.GetFileName(finding.File.Path) : path;
    }

    private string Cell(IEnumerable<SeriesFinding> series, string modality) =>
        series.Any(s => s.Modality == modality && s.Status == SeriesStatus.Accepted) ? $"[green]{(_console.Profile.Capabilities.Unicode ? "●" : "x")}[/]"
        : series.Any(s => s.Modality == modality) ? "[yellow]?[/]" : "[dim]-[/]";

    private static string Number(IEnumerable<IGrouping<(string, string), SeriesFinding>> cases, string modality, SeriesStatus status) =>
        cases.Count(c => c.Any(s => s.Modality == modality && s.Status == status)).ToString(CultureInfo.InvariantCulture);

    private static int Count(ScanFindings findings, SeriesStatus status) => findings.Series.Count(s => s.Status == status);

    private static string Cell(string text, int width)
    {
        var printable = Printable(text);
        return Markup.Escape(printable.Length <= width ? printable : printable[..(width / 2)] + "…" + printable[^(width - (width / 2) - 1)..]);
    }

    /// <summary>Names come from files and scanners; control characters would reach the terminal.</summary>
    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));

    private static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private static IAnsiConsole Create()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings());
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = WidthOfFiles;
        }

        return console;
    }
}
