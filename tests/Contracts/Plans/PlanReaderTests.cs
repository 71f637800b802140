using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using CsCheck;

namespace BrainMVP.Federated.Contracts.Tests.Plans;

public sealed class PlanReaderTests
{
    private const string Whole = """
        preset: demo
        name: pilot
        seed: 7
        modalities: [t1, flair]
        rounds:
          count: 3
          localSteps: 12
        training:
          learningRate: 1e-3
          sharedMask: true
        quorum:
          required: [north]
        """;

    [Fact]
    public void Every_preset_is_a_plan_of_its_own()
    {
        var hashes = Presets.Names.Select(n => CanonicalJson.Hash(PlanReader.Read($"preset: {n}"))).ToArray();
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
        Assert.Equal(CanonicalJson.Hash(Presets.Create("demo")), CanonicalJson.Hash(PlanReader.Read("preset: demo")));
    }

    [Fact]
    public void An_empty_file_is_the_default_preset()
    {
        var expected = CanonicalJson.Hash(Presets.Create(Presets.V1));
        Assert.All(new[] { "", "\n", "# nothing\n", "---\n", "{}" }, text => Assert.Equal(expected, CanonicalJson.Hash(PlanReader.Read(text))));
    }

    [Fact]
    public void Overrides_change_their_fields_and_nothing_else()
    {
        var plan = PlanReader.Read(Whole);
        var expected = Presets.Create("demo") with
        {
            Name = "pilot",
            Seed = 7,
            Modalities = ["t1", "flair"],
            Rounds = new RoundsPlan { Count = 3, LocalSteps = 12 },
            Training = Presets.Create("demo").Training with { LearningRate = 1e-3, SharedMask = true },
            Quorum = Presets.Create("demo").Quorum with { Required = ["north"] },
        };
        Assert.Equal(CanonicalJson.ToReadable(expected), CanonicalJson.ToReadable(plan));
    }

    [Fact]
    public void Reading_a_plan_leaves_the_presets_as_they_were()
    {
        var before = CanonicalJson.Hash(Presets.Create("demo"));
        PlanReader.Read(Whole);
        Assert.Equal(before, CanonicalJson.Hash(Presets.Create("demo")));
    }

    [Fact]
    public void The_canonical_form_of_a_plan_reads_back_to_the_same_hash()
    {
        var plan = PlanReader.Read(Whole);
        Assert.Equal(CanonicalJson.Hash(plan), CanonicalJson.Hash(CanonicalJson.Deserialize<Plan>(CanonicalJson.Serialize(plan))));
    }

    [Theory]
    [InlineData("preset: demo\nfoo: 1", "Line 2", "\"foo\"")]
    [InlineData("rounds:\n  count: 2\n  cuont: 3", "Line 3", "\"rounds.cuont\"")]
    [InlineData("training:\n  sub:\n    deep: 1", "Line 2", "\"training.sub\"")]
    [InlineData("Seed: 1", "Line 1", "\"Seed\"")]
    public void An_unknown_field_is_named_with_its_line(string yaml, params string[] parts) =>
        Fails.Saying(ErrorCatalogue.PlanUnknownField, () => PlanReader.Read(yaml), parts);

    [Theory]
    [InlineData("preset: demo\nrounds:\n  count: 0", "Line 3", "rounds.count", "1..100000")]
    [InlineData("rounds:\n  localSteps: 1.5", "Line 2", "rounds.localSteps", "whole number")]
    [InlineData("seed: -1", "Line 1", "seed")]
    [InlineData("seed: 99999999999999999999", "Line 1", "seed")]
    [InlineData("rounds: {count: 4294967297}", "Line 1", "rounds.count")]
    [InlineData("training:\n  learningRate: fast", "Line 2", "training.learningRate")]
    [InlineData("training:\n  learningRate: NaN", "Line 2", "training.learningRate")]
    [InlineData("training:\n  learningRate: Infinity", "Line 2", "training.learningRate")]
    [InlineData("training:\n  sharedMask: yes", "Line 2", "training.sharedMask", "true or false")]
    [InlineData("modalities: [t1, t7]", "Line 1", "modalities", "t7")]
    [InlineData("modalities: t1", "Line 1", "modalities", "list")]
    [InlineData("imaging:\n  canvas: [60, 60]", "Line 2", "imaging.canvas", "3")]
    [InlineData("imaging:\n  crop: [32, 32, x]", "Line 2", "imaging.crop")]
    [InlineData("rounds: 5", "Line 1", "rounds", "section")]
    [InlineData("seed: [1]", "Line 1", "seed", "single value")]
    [InlineData("\npreset: fancy", "Line 2", "preset", "demo")]
    [InlineData("training:\n  optimizerState: drop", "Line 2", "training.optimizerState", "keep")]
    public void A_value_out_of_range_is_named_with_its_line_and_range(string yaml, params string[] parts) =>
        Fails.Saying(ErrorCatalogue.PlanOutOfRange, () => PlanReader.Read(yaml), parts);

    [Theory]
    [InlineData("preset: demo\n  bad: [", "Line")]
    [InlineData("- a\n- b", "Line 1")]
    [InlineData("just text", "Line 1")]
    [InlineData("seed: 1\nseed: 2", "Line")]
    [InlineData("a: *nowhere", "Line")]
    [InlineData("seed: 1\n---\nseed: 2", "Line")]
    public void Text_that_is_no_plan_is_refused_with_a_line(string yaml, string part) =>
        Fails.Saying(ErrorCatalogue.PlanUnreadable, () => PlanReader.Read(yaml), part);

    [Fact]
    public void Deep_nesting_is_refused_and_does_not_exhaust_the_stack()
    {
        Fails.With(ErrorCatalogue.PlanUnreadable, () => PlanReader.Read("seed: " + new string('[', 200_000)));
        Fails.With(ErrorCatalogue.PlanUnreadable, () => PlanReader.Read(string.Concat(Enumerable.Repeat("{a: ", 100_000))));
    }

    [Fact]
    public void Aliases_that_hold_themselves_are_refused() =>
        Assert.Throws<FederationException>(() => PlanReader.Read("modalities: &m [*m]\n"));

    [Fact]
    public void Garbage_gives_a_numbered_error_or_a_valid_plan()
    {
        var pieces = new[] { "preset", "demo", "rounds", "count", "modalities", "t1", ": ", ":", "\n", "  ", "- ", "[", "]", "{", "}", ",", "&a ", "*a", "!!int ", "!<x>", "|", ">", "\"", "'", "%", "@", "`", "#", "? ", "---\n", "...\n", "\t", "\0", "\u0085", "1", "-1", "~", "null", "<<", "\\x", "é", "\ud83e\udde0" };
        Gen.Int[0, pieces.Length - 1].Array[0, 25].Sample(
            indices =>
            {
                try
                {
                    PlanRules.Check(PlanReader.Read(string.Concat(indices.Select(i => pieces[i]))));
                }
                catch (FederationException e)
                {
                    Assert.InRange(e.Code.Number, 1001, 1007);
                }
            },
            iter: 5000);
    }

    [Fact]
    public void A_file_that_is_missing_or_too_large_is_refused()
    {
        using var folder = new TemporaryFolder();
        Fails.With(ErrorCatalogue.PlanUnreadable, () => PlanReader.ReadFile(folder["missing.yaml"]));
        Fails.With(ErrorCatalogue.PlanUnreadable, () => PlanReader.ReadFile(folder.Path));
        File.WriteAllText(folder["large.yaml"], new string('#', PlanReader.MaximumLength + 1));
        Fails.With(ErrorCatalogue.PlanUnreadable, () => PlanReader.ReadFile(folder["large.yaml"]));
        File.WriteAllText(folder["good.yaml"], Whole);
        Assert.Equal("pilot", PlanReader.ReadFile(folder["good.yaml"]).Name);
    }
}
