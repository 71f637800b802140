using System.Globalization;
using BrainMVP.Federated.Contracts.V1;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace BrainMVP.Federated.Simulation.Progress;

/// <summary>A run as a table that is drawn again and again, or as one line.</summary>
public static class LiveTable
{
    private const int BarWidth = 24;

    public static IRenderable Render(RunStatus status, IReadOnlyList<string> notes)
    {
        var round = status.Rounds.LastOrDefault();
        var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(Title(status)));
        table.AddColumns("site", "doing", "progress", "loss", "rounds in");
        foreach (var site in status.Sites)
        {
            var p = site.Progress;
            table.AddRow(
                new Markup(Markup.Escape(site.Site)),
                new Markup(Markup.Escape(Doing(site, round))),
                new Markup(Bar(p)),
                new Markup(p.Loss > 0 ? p.Loss.ToString("F4", CultureInfo.InvariantCulture) : ""),
                new Markup(status.Rounds.Count(r => r.State == "committed" && r.Uploaded.Contains(site.Site)).ToString(CultureInfo.InvariantCulture)));
        }

        return new Rows([table, .. notes.TakeLast(4).Select(n => (IRenderable)new Markup($"[yellow]{Markup.Escape(n)}[/]"))]);
    }

    /// <summary>One line that changes when a step of a round was reached.</summary>
    public static string Line(RunStatus status)
    {
        var round = status.Rounds.LastOrDefault();
        var steps = round is null || round.State == "committed" ? "" : $"  round {round.Round}: {round.State}, {round.Reported.Count} reported, {round.Uploaded.Count} uploaded";
        return Title(status) + steps;
    }

    private static string Title(RunStatus status)
    {
        var loss = status.Validation.Count > 0
            ? (status.Validation[^1].Scores.Count > 0 ? "  score " : "  validation loss ") + string.Join(" > ", status.Validation.TakeLast(6).Select(v => (v.Scores.Count > 0 ? 1 - v.Loss : v.Loss).ToString("F4", CultureInfo.InvariantCulture)))
            : "";
        var reason = status.Summary.Reason.Length > 0 ? $" ({status.Summary.Reason})" : "";
        return $"{status.Summary.State}{reason}  {status.Summary.CommittedRounds}/{status.Summary.TotalRounds} rounds{loss}";
    }

    private static string Doing(RunSite site, RoundStatus? round)
    {
        if (!site.Approved)
        {
            return site.Refusal.Length > 0 ? $"refused: {site.Refusal}" : "approving the plan";
        }

        return round is not null && round.Dropouts.TryGetValue(site.Site, out var reason) && round.State != "committed"
            ? $"left out: {reason}"
            : site.Progress.Round > 0 ? $"{site.Progress.Phase} (round {site.Progress.Round})" : site.Progress.Phase;
    }

    private static string Bar(ProgressReport progress)
    {
        if (progress.Total <= 0)
        {
            return "";
        }

        var part = Math.Clamp((double)progress.Done / progress.Total, 0, 1);
        var full = (int)Math.Round(part * BarWidth);
        return $"[green]{new string('━', full)}[/][grey]{new string('━', BarWidth - full)}[/] {part:P0}";
    }
}
