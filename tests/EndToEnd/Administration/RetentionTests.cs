using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.EndToEnd.Tests.Support;

namespace BrainMVP.Federated.EndToEnd.Tests.Administration;

/// <summary>Models of rounds long past are given up when the administrator says so.</summary>
public sealed class RetentionTests(SharedRuns shared)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Models_of_earlier_rounds_are_collected_with_a_record_and_the_newest_stays_whole()
    {
        await using var folder = new TemporaryFolder();
        await using var federation = await SmallFederation.Start(folder, _cancellation);
        await federation.JoinAll(await shared.Data, "north", "south");

        var run = await federation.Complete(SmallFederation.Run, folder.Write("plan.yaml", Plans.Tiny(1, modalities: "t1, t2")), "north", "south");
        var (first, last) = (Artifact(run.Rounds[0].Model), Artifact(run.Rounds[1].Model));

        // As if the rounds had been hours ago.
        foreach (var file in Directory.EnumerateFiles(Path.Combine(federation.Aggregator, "artifacts"), "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-2));
        }

        Assert.True(File.Exists(first));
        await federation.Restart("--keep-rounds", "1");
        await Wait.Until(() => !File.Exists(first), () => "The model of round 1 is still there.", _cancellation);
        Assert.True(File.Exists(last));
        Assert.Contains("round.collected", await File.ReadAllTextAsync(Path.Combine(federation.Aggregator, "audit.jsonl"), _cancellation), StringComparison.Ordinal);
        (await federation.Administer("run", "clone", "first@1", "--run", "again")).FailedWith(ErrorCatalogue.ArtifactCollected, run.Rounds[0].Model);
        (await federation.Administer("run", "export", "first", "--out", folder.PathOf("export"))).Succeeded();
        (await federation.Administer("run", "clone", "first@0", "--run", "again")).Succeeded();
        (await federation.Administer("audit", "verify")).Succeeded();

        string Artifact(string name) => Path.Combine(federation.Aggregator, "artifacts", name[..2], name);
    }
}
