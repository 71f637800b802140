using BrainMVP.Federated.Aggregator.Rounds;

namespace BrainMVP.Federated.Aggregator.Runs;

/// <summary>What a site has to do, as a pure function of the run's and the open round's state.</summary>
public static class RunAssignments
{
    public static IReadOnlyList<DueWork> For(string site, string name, RunState run, RoundState? round)
    {
        var due = new List<DueWork>();
        if (run.Phase == RunPhase.Draft || !run.Sites.Contains(site, StringComparer.Ordinal))
        {
            return due;
        }

        if (run.IsFinal)
        {
            AddCommit();
            due.Add(new DueWork(DueKind.Finished, $"{name}/finished", name, 0, 0));
            return due;
        }

        if (run.Dropped.ContainsKey(site))
        {
            return due;
        }

        if (!run.Approvals.ContainsKey(site))
        {
            if (!run.Refusals.ContainsKey(site))
            {
                due.Add(new DueWork(DueKind.Approve, $"{name}/approve", name, 0, 0));
            }

            return due;
        }

        AddCommit();
        if (run.Phase == RunPhase.Evaluating && !run.Evaluations.ContainsKey(site))
        {
            due.Add(new DueWork(DueKind.Evaluate, $"{name}/{run.Attempt}/evaluate", name, run.Round, run.Attempt));
        }

        if (round is { IsFinal: false } && !round.Dropouts.ContainsKey(site))
        {
            if (round.Phase == RoundPhase.Training && round.Invited.Contains(site, StringComparer.Ordinal) && !round.Reports.ContainsKey(site))
            {
                due.Add(new DueWork(DueKind.Train, $"{name}/{round.Round}/{round.Attempt}/train", name, round.Round, round.Attempt));
            }

            if (round.Phase == RoundPhase.Uploading && round.Participants.Contains(site, StringComparer.Ordinal) && !(round.Uploads.TryGetValue(site, out var upload) && upload.Complete))
            {
                due.Add(new DueWork(DueKind.Upload, $"{name}/{round.Round}/{round.Attempt}/upload", name, round.Round, round.Attempt));
            }
        }

        return due;

        void AddCommit()
        {
            if (run.Commits.Count > 0 && run.Approvals.ContainsKey(site))
            {
                var last = run.Commits[^1];
                due.Add(new DueWork(DueKind.Commit, $"{name}/{last.Round}/{last.Attempt}/commit", name, last.Round, last.Attempt));
            }
        }
    }
}
