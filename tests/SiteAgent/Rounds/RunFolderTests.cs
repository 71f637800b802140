using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.SiteAgent.Rounds;

namespace BrainMVP.Federated.SiteAgent.Tests.Rounds;

public sealed class RunFolderTests
{
    [Fact]
    public void Local_state_survives_a_move_of_the_site()
    {
        using var site = new TemporarySite();
        var first = new RunFolder(site.PathOf("a"));
        first.WriteLocal(new LocalState(3, Path.Combine(first.Round(3, 1).Job, "snapshot"), new Dictionary<string, string> { ["dwi"] = first.LocalTemplate(3, "dwi") }));
        Directory.Move(first.Root, site.PathOf("b"));
        var moved = new RunFolder(site.PathOf("b"));
        Assert.Equal(Path.Combine(moved.Round(3, 1).Job, "snapshot"), moved.ReadLocal()?.Snapshot);
        Assert.Equal(moved.LocalTemplate(3, "dwi"), moved.ReadLocal()?.Templates["dwi"]);
    }

    [Fact]
    public void Sweeping_spares_the_last_two_rounds_and_the_one_the_next_starts_from()
    {
        using var site = new TemporarySite();
        var run = new RunFolder(site.PathOf("run"));
        foreach (var round in Enumerable.Range(1, 6))
        {
            Directory.CreateDirectory(run.Round(round, 1).Job);
            DurableFile.WriteAllText(run.LocalTemplate(round, "dwi"), "x");
        }

        run.WriteLocal(new LocalState(2, Path.Combine(run.Round(2, 1).Job, "snapshot"), new Dictionary<string, string> { ["dwi"] = run.LocalTemplate(2, "dwi") }));
        run.Sweep(6, rollback: 1);
        Assert.Equal([2, 5, 6], Enumerable.Range(1, 6).Where(r => Directory.Exists(run.Round(r, 1).Root)));
        Assert.Equal([2, 5, 6], Enumerable.Range(1, 6).Where(r => File.Exists(run.LocalTemplate(r, "dwi"))));
    }

    [Fact]
    public void Sweeping_spares_what_a_run_that_is_rolled_back_starts_from()
    {
        using var site = new TemporarySite();
        var run = new RunFolder(site.PathOf("run"));
        foreach (var round in (int[])[1, 2, 3, 5, 6, 8])
        {
            Directory.CreateDirectory(run.Round(round, 1).Job);
            run.WriteLocal(new LocalState(round, Path.Combine(run.Round(round, 1).Job, "snapshot"), new Dictionary<string, string>()));
        }

        // Back to round 4 at the most, which starts from what this site had after round 3.
        run.Sweep(8, rollback: 4);
        Assert.Equal([3, 5, 6, 8], Enumerable.Range(1, 8).Where(r => Directory.Exists(run.Round(r, 1).Root)));
        Assert.Equal(8, run.ReadLocal()?.Round);
        run.RollBack(4);
        Assert.Equal(3, run.ReadLocal()?.Round);
        run.RollBack(0);
        Assert.Null(run.ReadLocal());
    }

    [Fact]
    public void A_run_that_is_rolled_back_forgets_later_commits_and_its_evaluation()
    {
        using var site = new TemporarySite();
        var run = new RunFolder(site.PathOf("run"));
        foreach (var round in Enumerable.Range(1, 4))
        {
            DurableFile.WriteAllText(run.Commit(round), "{}");
        }

        DurableFile.WriteAllText(run.Evaluation, "{}");
        run.RollBack(2);
        Assert.Equal(2, run.LastCommitted());
        Assert.False(File.Exists(run.Evaluation));
    }

    [Fact]
    public void The_last_commit_is_found_by_number_not_by_date()
    {
        using var site = new TemporarySite();
        var run = new RunFolder(site.PathOf("run"));
        Assert.Equal(0, run.LastCommitted());
        DurableFile.WriteAllText(run.Commit(10), "{}");
        DurableFile.WriteAllText(run.Commit(9), "{}");
        Assert.Equal(10, run.LastCommitted());
    }

    [Fact]
    public void A_modality_that_is_not_shared_goes_on_from_the_sites_own_template()
    {
        var plan = Presets.Create(Presets.Demo) with { Modalities = ["t1", "t2", "dwi", "adc"] };
        var global = new Dictionary<string, string> { ["t1"] = "g1", ["dwi"] = "gd" };
        var local = new Dictionary<string, string> { ["t1"] = "l1", ["dwi"] = "ld" };
        var chosen = ModelInputs.Choose(plan, global, local, shared: ["t1", "t2"]);
        Assert.Equal(new Dictionary<string, string> { ["t1"] = "g1", ["dwi"] = "ld" }, chosen);
        Assert.Equal("gd", ModelInputs.Choose(plan, global, null, shared: ["t1", "t2"])["dwi"]);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(Protocol.UpdateChunkBytes, 1)]
    [InlineData(Protocol.UpdateChunkBytes + 1, 2)]
    public void A_manifest_describes_every_byte(int bytes, int chunks)
    {
        using var update = new ZeroUpdate(bytes);
        var manifest = UpdateManifests.Describe(update, "north", "context");
        Assert.Equal((bytes, chunks), (manifest.Bytes, manifest.Chunks.Count));
        if (chunks == 2)
        {
            Assert.Equal("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", manifest.Chunks[1]);
        }
    }

    [Fact]
    public void A_decision_about_a_plan_replaces_the_one_before()
    {
        using var site = new TemporarySite();
        var shelf = new PlanShelf(site.Folder);
        var plan = Presets.Create(Presets.Demo);
        var hash = Contracts.Json.CanonicalJson.Hash(plan);
        shelf.Keep(hash, plan, "run-1");
        Assert.Equal([hash], shelf.List());
        Assert.Equal(hash, shelf.Find(hash[..8]));
        Assert.ThrowsAny<Exception>(() => shelf.Find(hash[..5]));
        shelf.Approve(new PlanDecision(hash, "Dr. A", "t"));
        Assert.Equal("Dr. A", shelf.Approval(hash)?.By);
        shelf.Refuse(new PlanDecision(hash, "Dr. B", "t"));
        Assert.Null(shelf.Approval(hash));
        Assert.Equal("Dr. B", shelf.Refusal(hash)?.By);
        Assert.Equal([hash], shelf.List());
        Assert.Contains("rounds.localSteps", shelf.Summary(hash), StringComparison.Ordinal);
    }
}
