using BrainMVP.Federated.Aggregator.Rounds;

namespace BrainMVP.Federated.Aggregator.Runs;

/// <summary>What a site has to do, as a pure function of the run's and the open round's state.</summary>
public static class RunAssignments
{
    /// <param name="site">The site.</param>
    /// <param name="name">The run's name.</param>
    /// <param name="run">The run.</param>
    /// <param name="round">Its open round.</param>
    /// <param name="carries">Whether the plan lets a site finish what missed its round.</param>
    public static IReadOnlyList<DueWork> For(string site, string name, RunState run, RoundState? round, bool carries = false)
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

        if (run.Phase == RunPhase.Comparing && run.Evaluations.ContainsKey(site) && !run.Comparisons.ContainsKey(site))
        {
            due.Add(new DueWork(DueKind.Compare, $"{name}/{run.Attempt}/compare", name, run.Round, run.Attempt));
        }

        // It missed the roster and goes on: the next round takes its work.
        if (carries && round is { Phase: RoundPhase.Uploading or RoundPhase.Summing } && round.Dropouts.GetValueOrDefault(site) == RoundMachine.NoReport)
        {
            AddTraining(round);
        }

        if (round is { IsFinal: false } && !round.Dropouts.ContainsKey(site))
        {
            if (round.Phase == RoundPhase.Training && round.Invited.Contains(site, StringComparer.Ordinal) && !round.Reports.ContainsKey(site))
            {
                AddTraining(round);
            }

            if (round.Phase == RoundPhase.Uploading && round.Participants.Contains(site, StringComparer.Ordinal) && !(round.Uploads.TryGetValue(site, out var upload) && upload.Complete))
            {
                due.Add(new DueWork(DueKind.Upload, $"{name}/{round.Round}/{round.Attempt}/upload", name, round.Round, round.Attempt));
            }
        }

        return due;

        void AddTraining(RoundState open) => due.Add(new DueWork(DueKind.Train, $"{name}/{open.Round}/{open.Attempt}/train", name, open.Round, open.Attempt));

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
