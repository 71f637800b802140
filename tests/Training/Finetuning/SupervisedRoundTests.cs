using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Evaluation;
using BrainMVP.Federated.Training.Finetuning;
using BrainMVP.Federated.Training.Rounds;

namespace BrainMVP.Federated.Training.Tests.Finetuning;

public sealed class SupervisedRoundTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TaskKinds.Segmentation)]
    [InlineData(TaskKinds.Classification)]
    public void An_interrupted_round_ends_with_the_bytes_of_an_undisturbed_one(string kind)
    {
        using var tiny = new TinyTask(t => t with { Kind = kind });
        var plan = PlanOf(tiny);
        var whole = SupervisedRound.Run(Job(tiny, plan, "whole", 1), tiny.Cases, _ => { }, Cancellation);
        foreach (var stopAt in (int[])[1, 2, 3])
        {
            using var stop = new CancellationTokenSource();
            var job = Job(tiny, plan, $"stopped-{stopAt}", 1);
            Assert.Throws<OperationCanceledException>(() => SupervisedRound.Run(job, tiny.Cases, p => StopAt(p, stopAt, stop), stop.Token));
            var resumed = SupervisedRound.Run(job, tiny.Cases, _ => { }, Cancellation);
            Assert.Equal(File.ReadAllBytes(whole.LocalModelPath), File.ReadAllBytes(resumed.LocalModelPath));
            Assert.Equal(whole.Losses, resumed.Losses);
            Assert.Equal(whole.Scores, resumed.Scores);
        }
    }

    [Fact]
    public void Two_rounds_that_keep_the_moments_learn_what_as_many_steps_without_rounds_learn()
    {
        using var tiny = new TinyTask(t => t with { Split = new SplitPlan { HeldOut = 0 } });
        var plan = PlanOf(tiny);
        var first = SupervisedRound.Run(Job(tiny, plan, "one", 1), tiny.Cases, _ => { }, Cancellation);
        var second = SupervisedRound.Run(Job(tiny, plan, "two", 2) with { ModelPath = first.LocalModelPath, SnapshotFolder = first.SnapshotFolder }, tiny.Cases, _ => { }, Cancellation);
        var together = plan with { Rounds = new RoundsPlan { Count = 1, LocalSteps = 8 } };
        var once = SupervisedRound.Run(Job(tiny, together, "once", 1), tiny.Cases, _ => { }, Cancellation);
        Assert.Equal(File.ReadAllBytes(once.LocalModelPath), File.ReadAllBytes(second.LocalModelPath));
    }

    [Fact]
    public void Local_heads_are_in_no_model_that_leaves_the_site_and_go_on_from_its_last_round()
    {
        using var tiny = new TinyTask();
        var plan = PlanOf(tiny) with { Downstream = PlanOf(tiny).Downstream with { LocalHeads = true } };
        var first = SupervisedRound.Run(Job(tiny, plan, "one", 1), tiny.Cases, _ => { }, Cancellation);
        using (var sent = new SafetensorsReader(first.LocalModelPath))
        using (var kept = new SafetensorsReader(Path.Combine(first.SnapshotFolder, "own.safetensors")))
        {
            Assert.NotEmpty(kept.Tensors);
            Assert.All(kept.Tensors.Keys, name => Assert.DoesNotContain(name, sent.Tensors.Keys));
            Assert.Contains("decoder.out.conv.conv.weight", kept.Tensors.Keys);
        }

        // The next round begins with the site's own head: what it validates is what an evaluation with its snapshot finds.
        var next = Job(tiny, plan, "two", 2) with { ModelPath = first.LocalModelPath, SnapshotFolder = first.SnapshotFolder };
        var own = SupervisedRound.Evaluate(Evaluation(plan, next), tiny.Cases, _ => { }, Cancellation);
        Assert.Equal(["core"], own.Keys);
        Assert.Equal(own, SupervisedRound.Run(next, tiny.Cases, _ => { }, Cancellation).Scores);
    }

    [Fact]
    public void The_first_stage_goes_on_from_the_sites_own_and_its_mean_is_in_the_federations_model()
    {
        using var tiny = new TinyTask();
        var plan = PlanOf(tiny) with { Downstream = PlanOf(tiny).Downstream with { LocalStems = true } };
        var first = SupervisedRound.Run(Job(tiny, plan, "one", 1), tiny.Cases, _ => { }, Cancellation);

        // The federation's model after the round is another than the site's: here the one that it began with.
        var next = Job(tiny, plan, "two", 2) with { SnapshotFolder = first.SnapshotFolder };
        var path = Path.Combine(tiny.Folder, "own", "model.safetensors");
        SupervisedRound.Evaluate(Evaluation(plan, next) with { OwnModelPath = path }, tiny.Cases, _ => { }, Cancellation);
        using var sent = new SafetensorsReader(first.LocalModelPath);
        using var global = new SafetensorsReader(next.ModelPath);
        using var own = new SafetensorsReader(path);
        Assert.Equal(own.Tensors.Keys.Order(StringComparer.Ordinal), sent.Tensors.Keys.Order(StringComparer.Ordinal));
        string[] prefixes = ["encoder.patch_embed1.", "encoder.blocks1.", "encoder.patch_embed2.", "decoder.proj1."];
        foreach (var name in own.Tensors.Keys)
        {
            var expected = prefixes.Any(p => name.StartsWith(p, StringComparison.Ordinal)) ? sent : global;
            Assert.Equal(expected.ReadFloats(name), own.ReadFloats(name));
        }
    }

    [Fact]
    public void Models_are_compared_as_their_sites_use_them_and_what_is_no_model_is_left_out()
    {
        using var tiny = new TinyTask();
        var plan = PlanOf(tiny);
        var job = Evaluation(plan, Job(tiny, plan, "one", 1));
        var (north, south) = (Path.Combine(tiny.Folder, "north.safetensors"), Path.Combine(tiny.Folder, "south.safetensors"));
        var own = SupervisedRound.Evaluate(job with { OwnModelPath = north }, tiny.Cases, _ => { }, Cancellation);
        File.WriteAllBytes(south, File.ReadAllBytes(north)[..^100]);
        var notes = new List<string>();
        var compared = SupervisedRound.Compare(job, new Dictionary<string, string> { ["north"] = north, ["south"] = south }, tiny.Cases, p => notes.Add(p.Note), Cancellation);
        Assert.Equal(["north"], compared.Keys);
        Assert.Equal(own, compared["north"]);
        Assert.Contains(notes, n => n.Contains("south", StringComparison.Ordinal));
    }

    [Fact]
    public void Local_heads_begin_alike_at_every_site()
    {
        using var tiny = new TinyTask();
        var plan = PlanOf(tiny) with { Downstream = PlanOf(tiny).Downstream with { LocalHeads = true } };
        var job = Evaluation(plan, Job(tiny, plan, "one", 1));
        byte[] ModelOf(string site)
        {
            var path = Path.Combine(tiny.Folder, site, "model.safetensors");
            SupervisedRound.Evaluate(job with { Site = site, OwnModelPath = path }, tiny.Cases, _ => { }, Cancellation);
            using var file = new SafetensorsReader(path);
            return System.Runtime.InteropServices.MemoryMarshal.AsBytes(file.ReadFloats("decoder.out.conv.conv.weight").AsSpan()).ToArray();
        }

        Assert.Equal(ModelOf("north"), ModelOf("south"));
    }

    [Fact]
    public void Own_batch_normalisations_get_the_statistics_of_the_averaged_weights()
    {
        using var tiny = new TinyTask();
        var plan = PlanOf(tiny) with { Training = PlanOf(tiny).Training with { BatchNorm = "local" } };
        var first = SupervisedRound.Run(Job(tiny, plan, "one", 1), tiny.Cases, _ => { }, Cancellation);

        // The federation's weights after the round are others than the site's.
        var next = Job(tiny, plan, "two", 2) with { SnapshotFolder = first.SnapshotFolder };
        var path = Path.Combine(tiny.Folder, "own", "model.safetensors");
        var scores = SupervisedRound.Evaluate(Evaluation(plan, next) with { OwnModelPath = path }, tiny.Cases, _ => { }, Cancellation);
        Assert.Equal(scores, SupervisedRound.Run(next, tiny.Cases, _ => { }, Cancellation).Scores);

        using var global = new SafetensorsReader(next.ModelPath);
        using var own = new SafetensorsReader(path);
        using var kept = new SafetensorsReader(Path.Combine(first.SnapshotFolder, "own.safetensors"));
        Assert.Equal(global.Tensors.Keys.Order(StringComparer.Ordinal), own.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.All(own.Tensors.Keys.Except(kept.Tensors.Keys), name => Assert.Equal(global.ReadFloats(name), own.ReadFloats(name)));
        foreach (var name in kept.Tensors.Keys)
        {
            if (name.Contains("running_", StringComparison.Ordinal))
            {
                Assert.NotEqual(kept.ReadFloats(name), own.ReadFloats(name));
                Assert.All(own.ReadFloats(name), v => Assert.True(float.IsFinite(v)));
            }
            else
            {
                Assert.Equal(kept.ReadFloats(name), own.ReadFloats(name));
            }
        }
    }

    [Fact]
    public void Fixed_batch_normalisations_leave_their_statistics_as_they_are()
    {
        using var tiny = new TinyTask();
        var plan = PlanOf(tiny) with { Training = PlanOf(tiny).Training with { BatchNorm = "fixed", BatchNormFixedFrom = 0 } };
        var job = Job(tiny, plan, "fixed", 1);
        var outcome = SupervisedRound.Run(job, tiny.Cases, _ => { }, Cancellation);
        using var before = new SafetensorsReader(job.ModelPath);
        using var after = new SafetensorsReader(outcome.LocalModelPath);
        var statistics = before.Tensors.Keys.Where(n => n.EndsWith("running_var", StringComparison.Ordinal) || n.EndsWith("running_mean", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(statistics);
        Assert.All(statistics, name => Assert.Equal(before.ReadFloats(name).ToArray(), after.ReadFloats(name).ToArray()));
        Assert.NotEqual(before.ReadFloats("decoder.out.conv.conv.weight").ToArray(), after.ReadFloats("decoder.out.conv.conv.weight").ToArray());
    }

    [Fact]
    public void Sites_draw_differently_from_the_same_cases()
    {
        using var tiny = new TinyTask(t => t with { Split = new SplitPlan { HeldOut = 0 } });
        var plan = PlanOf(tiny);
        var north = SupervisedRound.Run(Job(tiny, plan, "north", 1), tiny.Cases, _ => { }, Cancellation);
        var south = SupervisedRound.Run(Job(tiny, plan, "south", 1) with { Site = "south" }, tiny.Cases, _ => { }, Cancellation);
        Assert.NotEqual(File.ReadAllBytes(north.LocalModelPath), File.ReadAllBytes(south.LocalModelPath));
    }

    private static void StopAt(TrainingProgress progress, int step, CancellationTokenSource stop)
    {
        if (progress.Phase == "train" && progress.Done == step)
        {
            stop.Cancel();
        }
    }

    private static Plan PlanOf(TinyTask tiny)
    {
        var plan = FederatedTask.ToPlan(tiny.Task, Presets.Create(Presets.Demo)) with { Rounds = new RoundsPlan { Count = 2, LocalSteps = 4 } };
        plan = plan with { Training = plan.Training with { BatchNorm = "averaged" }, Downstream = plan.Downstream with { LocalStems = false } };
        PlanRules.Check(plan);
        return plan;
    }

    /// <summary>Of what a round starts from.</summary>
    private static EvaluationJob Evaluation(Plan plan, RoundJob job) => new()
    {
        Plan = plan,
        Site = job.Site,
        ModelPath = job.ModelPath,
        TemplatePaths = job.TemplatePaths,
        DataFolder = "",
        SnapshotFolder = job.SnapshotFolder,
    };

    private static RoundJob Job(TinyTask tiny, Plan plan, string name, int round)
    {
        var initial = Path.Combine(tiny.Folder, $"initial-{plan.Downstream.LocalHeads}.safetensors");
        if (!File.Exists(initial))
        {
            SupervisedModel.WriteInitial(plan, null, initial);
        }

        return new RoundJob
        {
            Plan = plan,
            Site = "north",
            Round = round,
            ModelPath = initial,
            TemplatePaths = new Dictionary<string, string> { ["t1"] = tiny.Template("t1") },
            DataFolder = "",
            JobFolder = Path.Combine(tiny.Folder, name),
        };
    }
}
