using BrainMVP.Federated.Contracts.Documents;

namespace BrainMVP.Federated.Federation.Rosters;

/// <summary>
/// Work of an earlier round counts once: the site must have been invited to that round, and nothing of the site may have
/// been committed in it or since.
/// </summary>
public static class LateReports
{
    /// <param name="report">A report whose age was checked against the plan.</param>
    /// <param name="round">Round that it was sent to.</param>
    /// <param name="commits">The run's commits from the round on that it was trained in.</param>
    /// <returns>Null when valid; otherwise one sentence that names the rule.</returns>
    public static string? FindViolation(UpdateReport report, int round, IEnumerable<RoundCommitDocument> commits)
    {
        if (report.Age == 0)
        {
            return null;
        }

        var since = commits.OrderBy(c => c.Context.Round).ToArray();
        if (since.FirstOrDefault() is not { } trained || trained.Context.Round != round - report.Age
            || RoundContexts.Open(trained.Context) != report.BaseContext || !trained.Context.Invited.Contains(report.Site, StringComparer.Ordinal))
        {
            return $"The report carries work of round {round - report.Age}, in which this site had none.";
        }

        return since.FirstOrDefault(c => c.Contributors.Contains(report.Site, StringComparer.Ordinal)) is { } counted
            ? $"The report carries work of round {round - report.Age}; work of this site was already counted in round {counted.Context.Round}."
            : null;
    }
}
