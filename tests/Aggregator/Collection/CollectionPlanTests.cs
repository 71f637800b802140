using BrainMVP.Federated.Aggregator.Collection;
using CsCheck;

namespace BrainMVP.Federated.Aggregator.Tests.Collection;

public sealed class CollectionPlanTests
{
    [Fact]
    public void The_newest_rounds_stay_and_the_others_are_given_up()
    {
        var collected = CollectionPlan.Decide([Run("a", 5)], new RetentionPolicy(2, 0));
        Assert.Equal([1, 2, 3], collected.Select(c => c.Round));
        Assert.Equal(["a-1"], collected[0].Artifacts);
    }

    [Fact]
    public void Every_Nth_round_stays_as_well() =>
        Assert.Equal([1, 3, 5], CollectionPlan.Decide([Run("a", 8)], new RetentionPolicy(2, 2)).Select(c => c.Round));

    [Fact]
    public void Rounds_that_a_run_may_be_rolled_back_to_stay() =>
        Assert.Equal([1], CollectionPlan.Decide([Run("a", 5) with { AtLeast = 4 }], new RetentionPolicy(1, 0)).Select(c => c.Round));

    [Fact]
    public void What_another_run_starts_from_stays()
    {
        var runs = new[] { Run("a", 5), Run("b", 0) with { Always = ["a-2"] } };
        Assert.Equal([1, 3, 4], CollectionPlan.Decide(runs, new RetentionPolicy(1, 0)).Select(c => c.Round));
    }

    [Fact]
    public void A_round_that_was_rolled_back_is_given_up_unless_the_next_attempt_made_the_same()
    {
        var run = Run("a", 2) with { RolledBack = [new RoundArtifacts(3, 1, ["lost", "a-2"])] };
        var collected = Assert.Single(CollectionPlan.Decide([run], new RetentionPolicy(2, 0)));
        Assert.Equal((3, 1), (collected.Round, collected.Attempt));
        Assert.Equal(["lost"], collected.Artifacts);
    }

    [Fact]
    public void Keeping_all_keeps_all() => Assert.Empty(CollectionPlan.Decide([Run("a", 50)], RetentionPolicy.KeepAll));

    [Fact]
    public void Nothing_that_any_run_needs_is_ever_collected() =>
        Gen.Select(
            Gen.Select(Gen.Int[0, 9].Array[0, 3], Gen.Int[0, 4], Gen.Int[0, 9].Array[0, 8], Gen.Int[0, 9].Array[0, 3]).Array[1, 4],
            Gen.Int[1, 4],
            Gen.Int[0, 3]).Sample((shapes, keep, every) =>
        {
            // Few names for many rounds, so that rounds and runs share artifacts.
            var runs = shapes.Select((s, i) => new RunArtifacts(
                $"run-{i}",
                [.. s.Item1.Select(Name)],
                s.Item2,
                [.. s.Item3.Select((a, r) => new RoundArtifacts(r + 1, 1, [Name(a), Name((a + r) % 10)]))],
                [.. s.Item4.Select((a, r) => new RoundArtifacts(r + 1, 2, [Name(a)]))])).ToArray();
            var gone = CollectionPlan.Decide(runs, new RetentionPolicy(keep, every)).SelectMany(c => c.Artifacts).ToHashSet();
            foreach (var run in runs)
            {
                Assert.DoesNotContain(run.Always, gone.Contains);
                var newest = run.Rounds.Skip(run.Rounds.Count - Math.Min(run.Rounds.Count, Math.Max(keep, run.AtLeast)));
                Assert.DoesNotContain(newest.SelectMany(r => r.Artifacts), gone.Contains);
            }
        });

    private static string Name(int number) => $"artifact-{number}";

    private static RunArtifacts Run(string name, int rounds) =>
        new(name, [], 1, [.. Enumerable.Range(1, rounds).Select(r => new RoundArtifacts(r, 1, [$"{name}-{r}"]))], []);
}
