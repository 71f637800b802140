using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Rosters;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Evaluation;
using BrainMVP.Federated.Training.Models;

namespace BrainMVP.Federated.Training.Tests.Evaluation;

public sealed class ValidationTests
{
    private const int Voxels = 16 * 16 * 16;

    [Fact]
    public void Every_modality_is_measured_from_its_template_and_from_each_other_one()
    {
        using var run = new TinyRun(modalities: ["flair", "t1", "t2"]);
        var sums = Measure(run);
        Assert.Equal(ValidationView.All(run.Plan.Modalities).Select(v => v.Name).Order(StringComparer.Ordinal), sums.Keys);

        // Two held-out cases: two crops of each modality, one of each pair.
        Assert.All(sums, s => Assert.Equal(s.Key.Contains("-from-", StringComparison.Ordinal) ? 2 : 4, s.Value.Crops));
        Assert.All(sums.Values, s => Assert.Equal(s.Crops * Voxels, s.Voxels));
        Assert.All(sums.Values, s => Assert.True(s.SquaredError > 0));
    }

    [Fact]
    public void A_model_that_gives_a_constant_has_the_error_of_the_constant()
    {
        using var run = new TinyRun();
        Constant(run, 0.25f);
        var data = new SiteData(run.Plan, "north", run.Cases);
        var expected = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var sample in new ValidationSamples(run.Plan, "north", data).All())
        {
            expected[sample.View.Name] = expected.GetValueOrDefault(sample.View.Name) + sample.Target.Sum(v => (v - 0.25) * (v - 0.25));
        }

        var sums = Measure(run);
        Assert.Equal(expected.Keys, sums.Keys);
        Assert.All(expected, e => Assert.Equal(e.Value, sums[e.Key].SquaredError, 1e-6 * e.Value));

        // One case gives one crop of a pair here; its ratio then follows from the error.
        var single = Measure(run, run.Cases.Take(2).ToArray())["t1-from-t2"];
        Assert.Equal(1, single.Crops);
        Assert.Equal(10 * Math.Log10(single.Voxels / single.SquaredError), single.Psnr, 1e-9);
    }

    [Fact]
    public void A_pair_is_measured_on_the_first_crop_of_its_target_under_the_same_mask()
    {
        using var run = new TinyRun();
        var samples = new ValidationSamples(run.Plan, "north", new SiteData(run.Plan, "north", run.Cases));
        var all = samples.All().ToArray();
        Assert.Equal(samples.Count, all.Length);
        foreach (var (sample, index) in all.Select((s, i) => (s, i)).Where(s => s.s.View.Source is not null))
        {
            Assert.Equal(new ValidationView(sample.View.Target), all[index - 1].View);
            Assert.Equal(all[index - 1].Target, sample.Target);
            Assert.Equal(all[index - 1].Mask, sample.Mask);
            Assert.NotEqual(sample.Target, sample.Filler);
        }
    }

    [Fact]
    public void A_pair_is_measured_on_a_bounded_number_of_cases_spread_over_all()
    {
        using var run = new TinyRun(p => p with { Training = p.Training with { HeldOut = 0.5, ValidationCrops = 1 } });
        var data = new SiteData(run.Plan, "north", SyntheticHeads.Create(80, ["t1", "t2"], [16, 16, 16], [24, 28, 24]));
        Assert.Equal(40, data.HeldOut.Count);
        var samples = new ValidationSamples(run.Plan, "north", data);
        var positions = samples.All().Select((s, i) => (s.View, i)).Where(s => s.View.Source == "t2").Select(s => s.i).ToArray();
        Assert.Equal(ValidationSamples.MostCasesOfPair, positions.Length);
        Assert.Equal(40 * 2 + (2 * ValidationSamples.MostCasesOfPair), samples.Count);

        // 112 samples of 40 cases: the last chosen case lies in the last tenth.
        Assert.InRange(positions[^1], 100, 111);
    }

    [Fact]
    public void A_site_with_one_modality_is_measured_on_the_template_view_alone()
    {
        using var run = new TinyRun(modalities: ["t2"]);
        Assert.Equal(["t2"], Measure(run).Keys);
    }

    [Fact]
    public void Other_crop_positions_and_masks_change_the_numbers()
    {
        using var run = new TinyRun();
        var plain = Measure(run);
        Assert.NotEqual(plain["t1"], Measure(run, change: t => t with { MaskGeometry = "cubes" })["t1"]);
        var plan = run.Plan with { Imaging = run.Plan.Imaging with { CropPosition = "foreground" } };
        Assert.NotEqual(plain["t1"], ModelEvaluator.Run(run.Evaluation() with { Plan = plan }, run.Cases, _ => { }, TestContext.Current.CancellationToken)["t1"]);
    }

    [Fact]
    public void Whatever_a_site_measures_the_aggregator_accepts()
    {
        using var run = new TinyRun(modalities: ["flair", "t1", "t2"]);
        foreach (var value in (float[])[0, 0.5f, 1e15f, -1e18f])
        {
            Constant(run, value);
            Assert.Null(ValidationRules.FindViolation(Measure(run), run.Plan));
        }
    }

    [Fact]
    public void Progress_ends_at_the_announced_number_of_crops()
    {
        using var run = new TinyRun();
        var told = new List<(long Done, long Total)>();
        ModelEvaluator.Run(run.Evaluation(), run.Cases, p => told.AddRange(p.Phase == "evaluate" ? [(p.Done, p.Total)] : []), TestContext.Current.CancellationToken);
        Assert.Equal((12L, 12L), told[^1]);
    }

    private static IReadOnlyDictionary<string, ValidationSum> Measure(TinyRun run, IReadOnlyList<TrainingCase>? cases = null, Func<TrainingPlan, TrainingPlan>? change = null) => ModelEvaluator.Run(
        run.Evaluation() with { Plan = change is null ? run.Plan : run.Plan with { Training = change(run.Plan.Training) } },
        cases ?? run.Cases,
        _ => { },
        TestContext.Current.CancellationToken);

    /// <summary>Makes the run's model give one value everywhere: the last layer has no weights and that bias.</summary>
    private static void Constant(TinyRun run, float value)
    {
        ModelInitializer.Write(run.Plan, run.ModelPath);
        TensorSource[] tensors;
        using (var file = new SafetensorsReader(run.ModelPath))
        {
            tensors = [.. file.Tensors.Values.Select(t => TensorSource.Floats(t.Name, t.Shape, t.Name switch
            {
                "decoder.out_1.conv.conv.weight" => new float[file.ReadFloats(t.Name).Length],
                "decoder.out_1.conv.conv.bias" => [value],
                _ => file.ReadFloats(t.Name),
            }))];
        }

        SafetensorsWriter.WriteFile(run.ModelPath, tensors);
    }
}
