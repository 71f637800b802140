using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.EndToEnd.Tests.Support;

namespace BrainMVP.Federated.EndToEnd.Tests.Administration;

/// <summary>What a run made is handed out, fetched by a site and verified anywhere.</summary>
public sealed class ReleaseTests(SharedRuns shared)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_release_outlives_collection_arrives_whole_and_says_so_when_it_is_not()
    {
        await using var folder = new TemporaryFolder();
        await using var federation = await SmallFederation.Start(folder, _cancellation);
        await federation.JoinAll(await shared.Data, "north", "south");
        (await federation.Administer("release", "create", "first")).FailedWith(ErrorCatalogue.RunNotFound, "first");
        var run = await federation.Complete(SmallFederation.Run, folder.Write("plan.yaml", Plans.Tiny(1, modalities: "t1, t2", rounds: 3)), "north", "south");
        (await federation.Administer("release", "create", "first@4")).FailedWith(ErrorCatalogue.ArgumentInvalid, "3 committed rounds");

        var created = (await federation.Administer("release", "create", "first@1")).Succeeded().Output;
        Assert.Contains("gate: absent", created, StringComparison.Ordinal);
        Assert.Equal(created, (await federation.Administer("release", "create", "first@1")).Succeeded().Output);
        Assert.Single(Lines(await File.ReadAllTextAsync(Path.Combine(federation.Aggregator, "audit.jsonl"), _cancellation), "release.created"));

        Assert.Contains("first-1", (await Agent(federation, "release", "list")).Succeeded().Output, StringComparison.Ordinal);
        (await Agent(federation, "release", "pull", "first-2", "--out", folder.PathOf("other"))).FailedWith(ErrorCatalogue.ArgumentInvalid, "first-1");
        var encoder = folder.PathOf("encoder");
        (await Agent(federation, "release", "pull", "first-1", "--out", encoder)).Succeeded();
        (await Agent(federation, "release", "verify", encoder)).Succeeded();
        Assert.Contains(run.Rounds[0].Model, (await federation.Command(Programs.SiteAgent, "release", "verify", encoder, "--ca", Path.Combine(encoder, "ca.crt"))).Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("Release gate: **absent**", await File.ReadAllTextAsync(Path.Combine(encoder, "README.md"), _cancellation), StringComparison.Ordinal);

        // A changed byte shows, and the same command fetches that file again.
        var model = Path.Combine(encoder, "model.safetensors");
        await using (var file = File.Open(model, FileMode.Open))
        {
            file.Position = file.Length - 1;
            var last = file.ReadByte();
            file.Position = file.Length - 1;
            file.WriteByte((byte)(last ^ 1));
        }

        (await Agent(federation, "release", "verify", encoder)).FailedWith(ErrorCatalogue.ArtifactCorrupt, "model.safetensors");
        (await Agent(federation, "release", "pull", "first-1", "--out", encoder)).Succeeded();

        // A changed document is no longer signed.
        var document = Path.Combine(encoder, "release.json");
        await File.WriteAllTextAsync(document, (await File.ReadAllTextAsync(document, _cancellation)).Replace("\"consortium\",\"", "\"public\",\"", StringComparison.Ordinal).Replace("absent", "passed", StringComparison.Ordinal), _cancellation);
        (await Agent(federation, "release", "verify", encoder)).FailedWith(ErrorCatalogue.SignatureInvalid, "");

        // As if the rounds had been hours ago: what nobody released is given up, the release stays.
        foreach (var file in Directory.EnumerateFiles(Path.Combine(federation.Aggregator, "artifacts"), "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-2));
        }

        await federation.Restart("--keep-rounds", "1");
        await Wait.Until(() => !File.Exists(Artifact(run.Rounds[1].Model)), () => "The model of round 2 is still there.", _cancellation);
        Assert.True(File.Exists(Artifact(run.Rounds[0].Model)));
        (await federation.Administer("audit", "verify")).Succeeded();

        string Artifact(string name) => Path.Combine(federation.Aggregator, "artifacts", name[..2], name);
    }

    private static string[] Lines(string text, string with) => [.. text.Split('\n').Where(l => l.Contains(with, StringComparison.Ordinal))];

    private static Task<Finished> Agent(SmallFederation federation, params string[] arguments) => federation.Command(Programs.SiteAgent, [.. arguments, "--dir", federation.Site("north")]);
}
