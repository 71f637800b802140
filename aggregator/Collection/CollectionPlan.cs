namespace BrainMVP.Federated.Aggregator.Collection;

/// <summary>What one committed round brought into the artifact store: model, templates, server state.</summary>
public sealed record RoundArtifacts(int Round, int Attempt, IReadOnlyList<string> Artifacts);

/// <summary>The artifacts of a run.</summary>
/// <param name="Name">The run.</param>
/// <param name="Always">Named by the run itself or by the open round: never collected.</param>
/// <param name="AtLeast">Newest rounds that must stay because the run may be rolled back.</param>
/// <param name="Rounds">Committed rounds, ascending.</param>
/// <param name="RolledBack">Rounds that were committed and no longer count.</param>
public sealed record RunArtifacts(string Name, IReadOnlyList<string> Always, int AtLeast, IReadOnlyList<RoundArtifacts> Rounds, IReadOnlyList<RoundArtifacts> RolledBack);

/// <summary>A round whose models are given up.</summary>
/// <param name="Artifacts">Those that nothing else needs, ordinal order.</param>
public sealed record CollectedRound(string Run, int Round, int Attempt, IReadOnlyList<string> Artifacts);

/// <summary>Decides what is collected. Pure; an artifact that any run still needs is never in the answer.</summary>
public static class CollectionPlan
{
    public static IReadOnlyList<CollectedRound> Decide(IReadOnlyList<RunArtifacts> runs, RetentionPolicy policy)
    {
        if (policy.KeepsAll)
        {
            return [];
        }

        var needed = new HashSet<string>(StringComparer.Ordinal);
        var past = new List<(string Run, RoundArtifacts Round)>();
        foreach (var run in runs)
        {
            needed.UnionWith(run.Always);
            var newest = Math.Max(policy.KeepRounds, run.AtLeast);
            for (var i = 0; i < run.Rounds.Count; i++)
            {
                var round = run.Rounds[i];
                if (i >= run.Rounds.Count - newest || (policy.KeepEvery > 0 && round.Round % policy.KeepEvery == 0))
                {
                    needed.UnionWith(round.Artifacts);
                }
                else
                {
                    past.Add((run.Name, round));
                }
            }

            past.AddRange(run.RolledBack.Select(r => (run.Name, r)));
        }

        var collected = new List<CollectedRound>();
        foreach (var (run, round) in past)
        {
            var artifacts = round.Artifacts.Where(a => !needed.Contains(a)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
            if (artifacts.Length > 0)
            {
                collected.Add(new CollectedRound(run, round.Round, round.Attempt, artifacts));
            }
        }

        return collected;
    }
}
