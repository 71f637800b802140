using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>Work of a round that closed without it.</summary>
/// <param name="Open">Opening of the round that it was, or is being, trained in.</param>
/// <param name="Folder">Where it lies.</param>
public sealed record LateWork(RoundOpenDocument Open, RoundFolder Folder)
{
    /// <summary>
    /// The newest work that this site began and that was never counted, if the plan lets it be carried into a round. The
    /// commits up to the round before must have been followed.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="site">This site.</param>
    /// <param name="round">The round that could take it.</param>
    public static LateWork? Find(KnownRun run, string site, int round)
    {
        var quorum = run.Document.Plan.Quorum;
        for (var earlier = round - 1; quorum.Carries() && earlier >= Math.Max(1, round - quorum.MaximumAge); earlier--)
        {
            if (!File.Exists(run.Folder.Commit(earlier)))
            {
                return null;
            }

            var commit = Documents.Read<RoundCommitDocument>(run.Folder.Commit(earlier));
            var folder = run.Folder.Round(earlier, commit.Context.Attempt);
            if (commit.Contributors.Contains(site, StringComparer.Ordinal) || File.Exists(folder.GivenUp))
            {
                return null;
            }

            if (File.Exists(folder.Open) && Directory.Exists(folder.Job))
            {
                return new LateWork(Documents.Read<RoundOpenDocument>(folder.Open), folder);
            }
        }

        return null;
    }

    /// <summary>The work that a report tells of; null when it was trained in the report's own round.</summary>
    public static LateWork? Of(KnownRun run, int round, UpdateReport report)
    {
        if (report.Age == 0 || run.Folder.AttemptOf(round - report.Age) is not { } attempt)
        {
            return null;
        }

        var folder = run.Folder.Round(round - report.Age, attempt);
        return new LateWork(Documents.Read<RoundOpenDocument>(folder.Open), folder);
    }
}
