using System.Text;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Contracts.Tests.Json;

/// <summary>Protocol version N understands N−1, and is understood by it as long as nothing new is used.</summary>
public sealed class SinceTests
{
    // Printed by `aggregator plan check` of the last program that spoke only version 1.
    [Theory]
    [InlineData("demo", "879b945910bb24b60749d43e1e05af609645c08a9517cbfd51776796a9e05092")]
    [InlineData("brainmvp-v1", "c8405497336183e18bee3e0b1f548799afe68a60d41d659da83019960a86947e")]
    public void A_plan_without_newer_fields_has_the_hash_that_version_1_gave_it(string preset, string hash)
    {
        var plan = PlanReader.Read($"preset: {preset}\nname: golden\n");
        Assert.Equal(hash, CanonicalJson.Hash(plan));
        Assert.Equal(1, PlanFields.ProtocolVersionOf(plan));
    }

    [Fact]
    public void A_newer_field_shows_once_it_is_set_and_asks_for_its_version()
    {
        var plan = new Plan { Rounds = new RoundsPlan { Rollback = 7 } };
        var bytes = CanonicalJson.Serialize(plan);
        Assert.Contains("\"rollback\":7", Encoding.UTF8.GetString(bytes), StringComparison.Ordinal);
        Assert.Equal(7, CanonicalJson.Deserialize<Plan>(bytes).Rounds.Rollback);
        Assert.Equal(2, PlanFields.ProtocolVersionOf(plan));
    }

    [Fact]
    public void A_supervised_plan_asks_for_version_3_and_reads_back_from_yaml_to_the_same_hash()
    {
        var task = new FinetuneTask { Regions = ["WT=1+2"], Training = new FinetuneTraining { BatchSize = 4 }, Split = new SplitPlan { Folds = 5 } };
        var plan = FederatedTask.ToPlan(task, Presets.Create(Presets.Demo));
        Assert.Equal(3, PlanFields.ProtocolVersionOf(plan));
        Assert.Equal(CanonicalJson.Hash(plan), CanonicalJson.Hash(PlanReader.Read(PlanWriter.Write(plan))));
        Assert.Equal(CanonicalJson.Hash(plan), CanonicalJson.Hash(CanonicalJson.Deserialize<Plan>(CanonicalJson.Serialize(plan))));
    }

    [Fact]
    public void Lists_that_spell_out_their_default_are_left_out_too()
    {
        var plan = PlanReader.Read("preset: demo\ndownstream:\n  classes: [0, 1]\n");
        Assert.Equal(CanonicalJson.Hash(PlanReader.Read("preset: demo\n")), CanonicalJson.Hash(plan));
        Assert.Equal(1, PlanFields.ProtocolVersionOf(plan));
    }

    [Fact]
    public void Its_default_has_one_form_only()
    {
        var spelledOut = Encoding.UTF8.GetString(CanonicalJson.Serialize(new RoundsPlan())).Replace("}", ",\"rollback\":2}", StringComparison.Ordinal);
        Assert.Equal(2, CanonicalJson.Read<RoundsPlan>(Encoding.UTF8.GetBytes(spelledOut)).Rollback);
        Assert.Equal(ErrorCatalogue.DocumentInvalid, Assert.Throws<FederationException>(() => CanonicalJson.Deserialize<RoundsPlan>(Encoding.UTF8.GetBytes(spelledOut))).Code);
    }

    [Fact]
    public void A_program_speaks_its_own_version_and_the_one_before()
    {
        Assert.True(Protocol.Speaks(Protocol.Version));
        Assert.True(Protocol.Speaks(Protocol.Version - 1));
        Assert.False(Protocol.Speaks(Protocol.Version + 1));
        Assert.False(Protocol.Speaks(0));
    }
}
