using System.Globalization;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.V1;
using Spectre.Console;

namespace BrainMVP.Federated.Aggregator.Commands;

/// <summary>How well the newest measured model reconstructs, in tables.</summary>
public static class QualityText
{
    public static void Write(ModelValidation validation)
    {
        if (validation.Views.Count > 0)
        {
            Console.WriteLine(validation.Round == 0 ? "Reconstruction by the initial model" : $"Reconstruction by the model after round {validation.Round}");
        }

        if (validation.Scores.Count > 0)
        {
            Console.WriteLine(validation.Round == 0 ? "Held-out cases under the initial model" : $"Held-out cases under the model after round {validation.Round}");
        }

        foreach (var table in Tables(validation))
        {
            AnsiConsole.Write(table);
        }
    }

    /// <summary>Scores of a supervised run; one row for each modality from its template; then, where there are pairs, a row a target and a column a source.</summary>
    public static IEnumerable<Table> Tables(ModelValidation validation)
    {
        if (validation.Scores.Count > 0)
        {
            var table = new Table().AddColumns("region or class", "Dice or recall", "cases");
            foreach (var (output, score) in validation.Scores.OrderBy(s => s.Key, StringComparer.Ordinal))
            {
                table.AddRow(output, Number(score, "F4"), validation.ScoreCases[output].ToString(CultureInfo.InvariantCulture));
            }

            yield return table;
        }

        var templates = validation.Views.Where(v => v.Source.Length == 0).ToArray();
        if (templates.Length > 0)
        {
            var table = new Table().AddColumns("from the template", "MSE", "PSNR dB", "SSIM", "crops");
            foreach (var view in templates)
            {
                table.AddRow(view.Target, Number(view.Mse, "F5"), Number(view.Psnr, "F2"), Number(view.Ssim, "F3"), view.Crops.ToString(CultureInfo.InvariantCulture));
            }

            yield return table;
        }

        var pairs = validation.Views.Where(v => v.Source.Length > 0).ToArray();
        if (pairs.Length > 0)
        {
            yield return Pairs(pairs);
        }
    }

    /// <summary>PSNR alone: eight modalities still fit into a terminal; <c>--json</c> has the rest.</summary>
    private static Table Pairs(ViewQuality[] pairs)
    {
        var sources = Modalities.All.Where(m => pairs.Any(p => p.Source == m)).ToArray();
        var table = new Table().AddColumns(["PSNR dB", .. sources.Select(s => "from " + s)]);
        foreach (var target in pairs.GroupBy(p => p.Target))
        {
            table.AddRow([target.Key, .. sources.Select(s => target.FirstOrDefault(p => p.Source == s) is { } pair ? Number(pair.Psnr, "F2") : "")]);
        }

        return table;
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
