using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.EndToEnd.Tests.Support;

namespace BrainMVP.Federated.EndToEnd.Tests.Input;

public sealed class PolicyTests(SharedRuns shared)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_site_below_its_own_cohort_floor_refuses_the_plan_and_the_run_says_so()
    {
        await using var folder = new TemporaryFolder();
        await using var federation = await SmallFederation.Start(folder, _cancellation);
        var data = await shared.Data;
        await federation.Join("north", data[0], minimumCohort: 1);
        await federation.Join("south", data[1], minimumCohort: 4);
        var hash = await federation.Submit(folder.Write("plan.yaml", Plans.Tiny(2)), "north", "south");
        await federation.Approve("north", hash);
        await federation.Approve("south", hash);
        await Wait.Until(async () => (await federation.Status()).Summary.State == "paused", () => "The run never paused.", _cancellation);
        var status = await federation.Status();
        Assert.StartsWith(ErrorCatalogue.UnderQuorum.Id, status.Summary.Reason, StringComparison.Ordinal);
        Assert.Contains($"south refused: {ErrorCatalogue.PolicyRefuses.Id}", status.Summary.Reason, StringComparison.Ordinal);
        Assert.Equal([true, false], status.Sites.Select(s => s.Approved));
        Assert.Contains("minimumCohort", status.Sites[1].Refusal, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(federation.Site("south"), "runs", SmallFederation.Run), "*approval*"));
    }
}
