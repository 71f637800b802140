using System.CommandLine;
using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.External;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Preparation;
using Spectre.Console;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>data prepare</c>: from a hospital's files, through external programs where needed, to cases that can be trained on.</summary>
public static class DataPrepareCommand
{
    private const string CacheName = "cache";

    public static Command Create()
    {
        var path = new Argument<string?>("path") { Description = "Folder or CSV manifest.", HelpName = "PATH", Arity = ArgumentArity.ZeroOrOne };
        var output = new Option<string?>("--out") { Description = "Folder for the result; the same command again goes on where it stopped.", HelpName = "DIR" };
        var pipeline = new Option<string>("--pipeline")
        {
            Description = $"Pipeline file, or a built-in one: {string.Join(", ", BuiltInPipelines.Names)}. With none the data is already co-registered and without skull.",
            HelpName = "FILE",
            DefaultValueFactory = _ => BuiltInPipelines.None,
        };
        var plan = new Option<string?>("--plan") { Description = "Plan, or name of a preset, whose spacing and scaling the prepared cases get; the preset brainmvp-v1 without it.", HelpName = "PLAN" };
        var jobs = new Option<int>("--jobs") { Description = "Cases at a time; as many as the cores allow without it.", HelpName = "N" };
        var keep = new Option<bool>("--keep-work") { Description = "Keep the volumes between the steps in DIR/work." };
        var example = new Option<string?>("--example") { Description = "Print a built-in pipeline as a commented file, and nothing else.", HelpName = "NAME" };
        var command = CommandShape.Create(
            "prepare",
            "Prepares the site's data: external steps of a pipeline (conversion, co-registration, skull strip, atlas grid), then the cases as a run takes them.",
            "data prepare /data/mri --out prepared",
            "data prepare cases.csv --out prepared --pipeline elastix --jobs 4",
            "data prepare --example hd-bet",
            "data prepare cases.csv --out prepared --pipeline pipeline.yaml --plan plan.yaml --keep-work");
        command.Add(path);
        foreach (var option in (Option[])[output, pipeline, plan, jobs, keep, example])
        {
            command.Add(option);
        }

        command.Does((result, _, cancellation) =>
        {
            if (result.GetValue(example) is { } name)
            {
                PrintExample(name);
                return Task.CompletedTask;
            }

            if (result.GetValue(path) is not { } data || result.GetValue(output) is not { } folder)
            {
                throw ErrorCatalogue.ArgumentInvalid.With("PATH and --out are needed, or --example.");
            }

            if (result.GetValue(jobs) is < 0 or > 256)
            {
                throw ErrorCatalogue.ArgumentInvalid.With("--jobs must be 1 to 256.");
            }

            var options = new PreparationOptions
            {
                Pipeline = PipelineReader.Find(result.GetValue(pipeline)!),
                Folder = Path.GetFullPath(folder),
                Jobs = result.GetValue(jobs),
                KeepWork = result.GetValue(keep),
            };
            return PrepareAsync(Path.GetFullPath(data), options, ReadPlan(result.GetValue(plan)), cancellation);
        });
        return command;
    }

    private static void PrintExample(string name) =>
        Console.Write(BuiltInPipelines.Text(name) ?? throw ErrorCatalogue.ArgumentInvalid.With($"--example: \"{name}\" is not a pipeline; known: {string.Join(", ", BuiltInPipelines.Names)}."));

    private static Plan ReadPlan(string? plan) => plan is null
        ? Presets.Create(Presets.V1)
        : !File.Exists(plan) && Presets.Names.Contains(plan, StringComparer.Ordinal) ? Presets.Create(plan) : PlanReader.ReadFile(plan);

    private static async Task PrepareAsync(string data, PreparationOptions options, Plan plan, CancellationToken cancellation)
    {
        var scan = DatasetScanner.Scan(data);
        Console.WriteLine($"{scan.Cases.Count} cases, pipeline {options.Pipeline.Name}, {Path.Combine(options.Folder, ExternalPreparation.ManifestName)}");
        Directory.CreateDirectory(options.Folder);
        var report = await new ExternalPreparation(options, TimeProvider.System, new Lines()).RunAsync(scan, cancellation);
        var manifest = DatasetScanner.Scan(Path.Combine(options.Folder, ExternalPreparation.ManifestName));
        var cache = PreparedDataset.Prepare(manifest, plan.Imaging, Path.Combine(options.Folder, CacheName), new CacheLines(), cancellation);
        Print(report, cache, options.Folder);
    }

    private static void Print(PreparationReport report, PreparedDataset cache, string folder)
    {
        var usable = cache.Cases.ToDictionary(c => c.Subject, StringComparer.Ordinal);
        var skipped = cache.Skipped.ToDictionary(c => c.Subject, StringComparer.Ordinal);
        var table = new Table().Border(TableBorder.Simple).AddColumns("case", "modalities", "seconds", "brain ml", "overlap", "result");
        foreach (var item in report.Cases)
        {
            var result = item.Error is not null ? $"{item.Error} {item.Reason}"
                : skipped.TryGetValue(item.Name, out var late) ? $"{late.Error} {late.Detail}"
                : string.Join(" ", (string[])["usable", .. item.Outcome == "reused" ? ["(as before)"] : Array.Empty<string>(), .. item.Notes]);
            table.AddRow(
                Markup.Escape(item.Name),
                usable.TryGetValue(item.Name, out var entry) ? string.Join(" ", entry.Modalities) : "",
                item.Seconds.ToString("F1", CultureInfo.InvariantCulture),
                item.BrainMillilitres?.ToString("F0", CultureInfo.InvariantCulture) ?? "",
                string.Join(" ", item.Overlaps.Select(o => string.Create(CultureInfo.InvariantCulture, $"{o.Modality} {o.Dice:F3}"))),
                Markup.Escape(result));
        }

        foreach (var item in report.LeftOut)
        {
            table.AddRow(Markup.Escape(item.Subject), "", "", "", "", Markup.Escape($"{item.Error} {item.Reason}"));
        }

        AnsiConsole.Write(table);
        Console.WriteLine($"{cache.Cases.Count} usable cases, {report.Cases.Count + report.LeftOut.Count - cache.Cases.Count} left out.");
        Console.WriteLine($"Train with --data {Path.Combine(folder, ExternalPreparation.ManifestName)}");
    }

    private static string Percent(int done, int total) => string.Create(CultureInfo.InvariantCulture, $"[{100L * done / Math.Max(1, total),3} %]");

    /// <summary>One line a step of a case.</summary>
    private sealed class Lines : IProgress<ExternalProgress>
    {
        public void Report(ExternalProgress value) => Console.WriteLine($"{Percent(value.Done, value.Total)} {value.Case}: {value.Step ?? value.Outcome}");
    }

    /// <summary>One line a prepared case.</summary>
    private sealed class CacheLines : IProgress<PreparationProgress>
    {
        public void Report(PreparationProgress value) => Console.WriteLine($"{Percent(value.Done, value.Total)} {value.Subject}: cache, {value.Outcome}");
    }
}
