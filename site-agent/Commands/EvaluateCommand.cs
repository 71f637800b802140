using System.CommandLine;
using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.Pictures;
using BrainMVP.Federated.SiteAgent.Evaluation;
using BrainMVP.Federated.SiteAgent.Trainer;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>evaluate</c>: measures written predictions against true labels.</summary>
public static class EvaluateCommand
{
    private const string Page = "report.html", Table = "cases.csv", Summary = "summary.json";

    private static readonly Option<string[]> Predictions = new("--predictions") { Description = "Folder of predictions, or SITE=FOLDER; may be given several times, one a site.", HelpName = "DIR", Required = true };
    private static readonly Option<string> Data = new("--data") { Description = "Folder or CSV manifest with the true label maps or classes.", HelpName = "PATH", Required = true };
    private static readonly Option<string> Output = new("--out") { Description = $"Folder for {Page}, {Table} and {Summary}.", HelpName = "DIR", Required = true };
    private static readonly Option<int> Worst = new("--worst") { Description = "Cases with pictures, those of the lowest Dice, 0 to 100.", HelpName = "N", DefaultValueFactory = _ => 8 };
    private static readonly Option<long> Seed = new("--seed") { Description = "Seed of the bootstrap.", HelpName = "S", DefaultValueFactory = _ => 1 };

    public static Command Create()
    {
        var command = CommandShape.Create(
            "evaluate",
            "Measures predictions against true labels: Dice, HD95, ACC, AUC and F1 with intervals, and pictures of the worst cases.",
            "evaluate --predictions predictions --data /data/brats --out report",
            "evaluate --predictions north=north/test --predictions south=south/test --data /data/all --out report");
        foreach (var option in (Option[])[Predictions, Data, Output, Worst, Seed])
        {
            command.Add(option);
        }

        command.Does((result, _, cancellation) =>
        {
            Run(result, cancellation);
            return Task.CompletedTask;
        });
        return command;
    }

    private static void Run(ParseResult result, CancellationToken cancellation)
    {
        var (folders, output, worst) = (result.GetRequiredValue(Predictions).Select(Folder).ToArray(), Path.GetFullPath(result.GetRequiredValue(Output)), result.GetValue(Worst));
        if (worst is < 0 or > 100 || result.GetValue(Seed) < 0 || folders.Select(f => f.Site).Distinct(StringComparer.Ordinal).Count() < folders.Length)
        {
            throw ErrorCatalogue.ArgumentInvalid.With("--worst is 0 to 100, --seed 0 or more, and every folder of predictions has its own name (SITE=FOLDER).");
        }

        var task = OneTask(folders);
        var evaluation = new PredictionEvaluation(Path.GetFullPath(result.GetRequiredValue(Data)));
        var line = new ProgressLine(TimeProvider.System);
        var cases = folders.SelectMany(f => evaluation.Measure(f, (done, total) => line.Show($"Measuring {f.Site} {done}/{total} cases", done == total), cancellation)).ToArray();
        line.EndLine();
        if (cases.Length == 0)
        {
            throw ErrorCatalogue.NoLabelledCase.With($"No prediction could be measured; {string.Join("; ", evaluation.LeftOut.Take(3).Select(l => $"{l.Key}: {l.Value}"))}");
        }

        var summary = new EvaluationSummary
        {
            Task = CanonicalJson.Hash(task),
            Kind = task.Kind,
            Groups = new EvaluationStatistics(task, result.GetValue(Seed)).Of(cases),
            Cases = cases,
            LeftOut = evaluation.LeftOut,
        };
        var pictures = task.Kind == TaskKinds.Classification ? [] : cases.OrderBy(c => c.MeanDice).ThenBy(c => c.Name, StringComparer.Ordinal).Take(worst).Select(c => Picture(evaluation, folders, c)).ToArray();
        Directory.CreateDirectory(output);
        DurableFile.WriteAllText(Path.Combine(output, Summary), CanonicalJson.ToReadable(summary));
        DurableFile.WriteAllText(Path.Combine(output, Table), EvaluationTable.Write(task, cases));
        DurableFile.WriteAllText(Path.Combine(output, Page), EvaluationPage.Write(task, summary, pictures));
        Print(summary, output);
    }

    private static CasePicture Picture(PredictionEvaluation evaluation, PredictionFolder[] folders, CaseScores scores)
    {
        var (image, truth, prediction, modality) = evaluation.Picture(folders.First(f => f.Site == scores.Site), scores);
        return new CasePicture(scores, modality, MaskComparison.Render(image, truth, prediction));
    }

    private static PredictionFolder Folder(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        return at > 0 && !Directory.Exists(text)
            ? new PredictionFolder(text[..at], Path.GetFullPath(text[(at + 1)..]))
            : new PredictionFolder(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(text))), Path.GetFullPath(text));
    }

    /// <summary>Predictions of different outputs cannot share a table.</summary>
    private static FinetuneTask OneTask(PredictionFolder[] folders)
    {
        var tasks = folders.Select(f => f.Read().Task).ToArray();
        bool Same(FinetuneTask task) => task.Kind == tasks[0].Kind && (task.Kind == TaskKinds.Segmentation ? task.Regions.SequenceEqual(tasks[0].Regions) : task.Classes.SequenceEqual(tasks[0].Classes));
        return tasks.All(Same) ? tasks[0] : throw ErrorCatalogue.ArgumentInvalid.With("The folders of predictions have different regions or classes.");
    }

    private static void Print(EvaluationSummary summary, string output)
    {
        foreach (var left in summary.LeftOut)
        {
            Console.WriteLine($"  {left.Key} is left out: {left.Value}");
        }

        foreach (var group in summary.Groups)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{group.Name}, {group.Cases} cases: {string.Join("; ", group.Metrics.Select(m => $"{m.Key} {Text(m.Value, m.Key)}"))}"));
        }

        Console.WriteLine($"{Path.Combine(output, Page)} shows it; {Table} and {Summary} beside it hold the numbers.");
    }

    private static string Text(Interval interval, string metric)
    {
        var format = metric.StartsWith("HD95", StringComparison.Ordinal) ? "F1" : "F3";
        string Value(double? value) => value is { } number ? number.ToString(format, CultureInfo.InvariantCulture) : "–";
        return interval.Lower is null ? Value(interval.Estimate) : $"{Value(interval.Estimate)} [{Value(interval.Lower)}, {Value(interval.Upper)}]";
    }
}
