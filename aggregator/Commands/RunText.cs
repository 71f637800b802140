using System.Globalization;
using BrainMVP.Federated.Contracts.V1;
using Spectre.Console;

namespace BrainMVP.Federated.Aggregator.Commands;

/// <summary>A run in words.</summary>
public static class RunText
{
    /// <summary>One line that changes when something happened.</summary>
    public static string Line(RunStatus status)
    {
        var summary = status.Summary;
        var round = status.Rounds.LastOrDefault();
        var now = round is null || round.State == "committed" ? "" : $", round {round.Round}: {round.State}, {round.Reported.Count} reported, {round.Uploaded.Count} uploaded";
        var loss = status.Validation.Count > 0 ? ", " + Measure(status.Validation[^1]) : "";
        var reason = summary.Reason.Length > 0 ? $" ({summary.Reason})" : "";
        return $"{summary.Run}: {summary.State}{reason}, {summary.CommittedRounds}/{summary.TotalRounds} rounds{now}{loss}";
    }

    /// <summary>Loss, or of a supervised run the mean of the scores.</summary>
    private static string Measure(ModelValidation validation) => validation.Scores.Count > 0
        ? string.Create(CultureInfo.InvariantCulture, $"score {1 - validation.Loss:F4}")
        : string.Create(CultureInfo.InvariantCulture, $"loss {validation.Loss:F5}");

    /// <summary>Tables of sites, rounds and reconstruction quality.</summary>
    public static void Write(RunStatus status)
    {
        Console.WriteLine(Line(status));
        Console.WriteLine($"plan {status.PlanHash}");
        Console.WriteLine($"model {status.Model}");
        var sites = new Table().AddColumns("site", "approved by", "doing", "last heard");
        foreach (var s in status.Sites)
        {
            var p = s.Progress;
            sites.AddRow(
                s.Dropped ? $"{s.Site} (dropped)" : s.Site,
                Markup.Escape(s.Approved ? s.ApprovedBy : s.Refusal.Length > 0 ? $"refused: {s.Refusal}" : "not yet"),
                p.Total > 0 ? $"{p.Phase} {p.Done}/{p.Total}" : p.Phase,
                s.SilentSeconds < 0 ? "never" : string.Create(CultureInfo.InvariantCulture, $"{s.SilentSeconds:F0} s ago"));
        }

        AnsiConsole.Write(sites);
        var rounds = new Table().AddColumns("round", "state", "reported", "uploaded", "left out", "validation before");
        foreach (var r in status.Rounds)
        {
            var before = status.Validation.FirstOrDefault(v => v.Round == r.Round - 1);
            rounds.AddRow(
                r.Round.ToString(CultureInfo.InvariantCulture),
                r.State,
                string.Join(" ", r.Reported),
                string.Join(" ", r.Uploaded.Select(u => r.Ages.TryGetValue(u, out var age) ? $"{u} (work of round {r.Round - age})" : u)),
                Markup.Escape(string.Join("; ", r.Dropouts.Select(d => $"{d.Key}: {d.Value}"))),
                before is null ? "" : Measure(before));
        }

        AnsiConsole.Write(rounds);
        if (status.Validation.Count > 0)
        {
            QualityText.Write(status.Validation[^1]);
        }

        ComparisonText.Write(status.Comparison);
    }
}
