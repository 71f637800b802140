using BrainMVP.Federated.EndToEnd.Tests.Support;

namespace BrainMVP.Federated.EndToEnd.Tests.Administration;

/// <summary>A federation with SCAFFOLD's control variates.</summary>
public sealed class ControlVariateTests(SharedRuns shared)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Control_variates_travel_as_a_group_of_their_own_and_change_the_model_from_the_second_round_on()
    {
        await using var folder = new TemporaryFolder();
        await using var federation = await SmallFederation.Start(folder, _cancellation);
        await federation.JoinAll(await shared.Data, "north", "south");

        var plain = await Run("plain", false);
        var scaffold = await Run("scaffold", true);
        Assert.Equal(plain.Rounds[0].Model, scaffold.Rounds[0].Model);
        Assert.NotEqual(plain.Rounds[1].Model, scaffold.Rounds[1].Model);
        Assert.All(scaffold.Rounds, r => Assert.Equal(["north", "south"], r.Groups.Single(g => g.Group == "control").Contributors));
        Assert.DoesNotContain(plain.Rounds, r => r.Groups.Any(g => g.Group == "control"));
        Assert.InRange(scaffold.Rounds[0].UploadBytes["north"] / (double)plain.Rounds[0].UploadBytes["north"], 1.05, 2);

        // The exported model is a plain model.
        (await federation.Administer("run", "export", "scaffold", "--out", folder.PathOf("export"))).Succeeded();
        using var model = new Contracts.Tensors.SafetensorsReader(folder.PathOf("export", "global-model.safetensors"));
        Assert.DoesNotContain(model.Tensors.Keys, k => k.Contains("control", StringComparison.Ordinal));

        Task<Contracts.V1.RunStatus> Run(string name, bool controls)
        {
            var text = Plans.Tiny(3, modalities: "t1, t2").Replace("validationCrops: 1", $"validationCrops: 1\n  controlVariates: {(controls ? "true" : "false")}", StringComparison.Ordinal);
            return federation.Complete(name, folder.Write(name + ".yaml", text), "north", "south");
        }
    }
}
