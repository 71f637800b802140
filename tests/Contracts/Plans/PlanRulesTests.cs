using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Contracts.Tests.Plans;

public sealed class PlanRulesTests
{
    private static readonly Plan Demo = Presets.Create(Presets.Demo);
    private static readonly Plan Supervised = Demo with { Downstream = new DownstreamPlan { Kind = "segmentation" } };

    public static TheoryData<string, Plan> Contradictions => new()
    {
        { "modalities", Demo with { Modalities = [] } },
        { "modalities", Demo with { Modalities = ["t1", "t1"] } },
        { "multiple of 16", Demo with { Imaging = Demo.Imaging with { Crop = [32, 24, 32] } } },
        { "training.maskCell", Demo with { Training = Demo.Training with { MaskCell = 5 } } },
        { "network.headWidth", Demo with { Network = Demo.Network with { HeadWidth = 10 } } },
        { "imaging.lowerPercentile", Demo with { Imaging = Demo.Imaging with { LowerPercentile = 50, UpperPercentile = 50 } } },
        { "finetuning.startShare", Supervised with { Finetuning = new FinetuneTraining { StartShare = 0.5 } } },
        { "split.testCases", Supervised with { Split = new SplitPlan { TestCases = ["case-1"] } } },
        { "quorum.minimumSitesPerModality", Supervised with { Quorum = Demo.Quorum with { MinimumSitesPerModality = 2 } } },
        { "training.controlVariates", Supervised with { Training = Demo.Training with { ControlVariates = true } } },
        { "downstream.crossSite", Demo with { Downstream = new DownstreamPlan { CrossSite = true } } },
        { "regions", Supervised with { Downstream = new DownstreamPlan { Kind = "segmentation", Regions = [] } } },
        { "quorum.required", Demo with { Quorum = Demo.Quorum with { Required = ["north", "north"] } } },
    };

    public static TheoryData<string, Plan> Ranges => new()
    {
        { "preset", Demo with { Preset = "other" } },
        { "seed", Demo with { Seed = -1 } },
        { "rounds.count", Demo with { Rounds = Demo.Rounds with { Count = 0 } } },
        { "modalities", Demo with { Modalities = ["t1", "ct"] } },
        { "imaging.canvas", Demo with { Imaging = Demo.Imaging with { Canvas = [60, 60] } } },
        { "network.widths", Demo with { Network = Demo.Network with { Widths = [16, 32, 64, 4096] } } },
        { "training.learningRate", Demo with { Training = Demo.Training with { LearningRate = double.NaN } } },
        { "training.maskRatio", Demo with { Training = Demo.Training with { MaskRatio = 1.5 } } },
        { "aggregation.maxDeltaExponent", Demo with { Aggregation = Demo.Aggregation with { MaxDeltaExponent = 128 } } },
    };

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void Fields_that_contradict_each_other_are_named(string named, Plan plan) => Fails.Saying(ErrorCatalogue.PlanInconsistent, () => PlanRules.Check(plan), named);

    [Theory]
    [MemberData(nameof(Ranges))]
    public void Ranges_are_checked_again_by_whoever_receives_a_plan(string named, Plan plan) => Fails.Saying(ErrorCatalogue.PlanOutOfRange, () => PlanRules.Check(plan), named);

    [Fact]
    public void Names_have_their_form()
    {
        Fails.With(ErrorCatalogue.IdentifierInvalid, () => PlanRules.Check(Demo with { Name = "My plan" }));
        Fails.With(ErrorCatalogue.IdentifierInvalid, () => PlanRules.Check(Demo with { Quorum = Demo.Quorum with { Required = ["../north"] } }));
    }
}
