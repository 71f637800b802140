using System.Globalization;
using System.Text;
using BrainMVP.Federated.Contracts.Finetuning;

namespace BrainMVP.Federated.SiteAgent.Evaluation;

/// <summary>Scores of every case as CSV: one line for each region of a case, or for each classified case.</summary>
internal static class EvaluationTable
{
    public static string Write(FinetuneTask task, IReadOnlyList<CaseScores> cases)
    {
        var text = new StringBuilder();
        if (task.Kind == TaskKinds.Segmentation)
        {
            text.Append("site,case,missing,region,dice,hd95_mm,truth_ml,predicted_ml\n");
            foreach (var item in cases)
            {
                foreach (var (region, score) in item.Regions)
                {
                    text.Append(string.Join(',', Quoted(item.Site), Quoted(item.Name), string.Join('+', item.Missing), region, Number(score.Dice), score.Hausdorff95Mm is { } distance ? Number(distance) : "", Number(score.TruthMl), Number(score.PredictedMl))).Append('\n');
                }
            }

            return text.ToString();
        }

        text.Append("site,case,missing,truth,predicted").Append(string.Concat(task.Classes.Select(c => $",{Quoted($"probability_{c}")}"))).Append('\n');
        foreach (var item in cases)
        {
            text.Append(string.Join(',', [Quoted(item.Site), Quoted(item.Name), string.Join('+', item.Missing), Quoted(item.Truth), Quoted(item.Predicted), .. task.Classes.Select(c => Number(item.Scores[c]))])).Append('\n');
        }

        return text.ToString();
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Quoted(string text) => text.AsSpan().ContainsAny(",\"\n\r") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
