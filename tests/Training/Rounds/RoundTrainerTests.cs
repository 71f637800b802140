using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Checkpoints;
using BrainMVP.Federated.Training.Rounds;
using TorchSharp;

namespace BrainMVP.Federated.Training.Tests.Rounds;

public sealed class RoundTrainerTests
{
    [Fact]
    public void A_round_reports_what_it_did()
    {
        using var run = new TinyRun();
        var outcome = run.Train(run.Job("job"));
        Assert.Equal(7, outcome.Steps);
        Assert.Equal(6, outcome.Cases);
        Assert.Equal(["t1", "t2"], outcome.TargetDraws.Keys.Order());
        Assert.Equal(7 * 2 * 2, outcome.TargetDraws.Values.Sum());
        Assert.All(outcome.TargetDraws.Values, v => Assert.True(v > 3));
        Assert.Equal(["contrastive", "crossModalView", "templateView", "total"], outcome.Losses.Keys.Order());
        Assert.Equal(outcome.Losses["total"], outcome.Losses["templateView"] + outcome.Losses["crossModalView"], 1e-5);
        Assert.Equal(0, outcome.Losses["contrastive"]);
        Assert.Equal(["t1", "t1-from-t2", "t2", "t2-from-t1"], outcome.Validation.Keys);

        // Two held-out cases: two crops of each modality, one of each pair.
        Assert.All(outcome.Validation, v => Assert.Equal((v.Key.Length == 2 ? 2 : 1) * 2 * 16 * 16 * 16, v.Value.Voxels));
        Assert.True(outcome.TrainSeconds > 0);
        Assert.True(outcome.PeakMemoryBytes > 1 << 20);
    }

    [Fact]
    public void Local_model_has_the_names_of_the_global_one_and_the_owned_templates()
    {
        using var run = new TinyRun();
        var outcome = run.Train(run.Job("job"));
        using var global = new SafetensorsReader(run.ModelPath);
        using var local = new SafetensorsReader(outcome.LocalModelPath);
        Assert.Equal([.. global.Tensors.Keys, "template.t1", "template.t2"], local.Tensors.Keys);
        Assert.All(global.Tensors, t => Assert.Equal(t.Value.Shape, local.Tensors[t.Key].Shape));
        Assert.Equal([24L, 28L, 24L], local.Tensors["template.t1"].Shape);
        Assert.All(global.Tensors.Keys.Where(n => n.EndsWith("weight", StringComparison.Ordinal)), n => Assert.NotEqual(global.ReadFloats(n), local.ReadFloats(n)));
        Assert.NotEqual(global.ReadFloats("encoder.norm.running_var"), local.ReadFloats("encoder.norm.running_var"));
        Assert.Contains(local.ReadFloats("template.t1"), v => v != 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(6)]
    public void A_round_cancelled_after_some_steps_continues_to_the_same_bytes(int cancelAfter)
    {
        using var run = new TinyRun();
        var whole = run.Train(run.Job("whole"));
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => run.Train(run.Job("cut"), p => CancelAt(p, cancelAfter, stop), stop));
        Assert.False(File.Exists(Path.Combine(run.Folder, "cut", "local.safetensors")));

        var steps = new List<long>();
        var resumed = run.Train(run.Job("cut"), p => steps.AddRange(p.Phase == "train" ? [p.Done] : []));
        Assert.Equal((cancelAfter / 3 * 3) + 1, steps[0]);
        Assert.Equal(File.ReadAllBytes(whole.LocalModelPath), File.ReadAllBytes(resumed.LocalModelPath));
        Assert.Equal(File.ReadAllBytes(OptimizerSnapshot.PathIn(whole.SnapshotFolder)), File.ReadAllBytes(OptimizerSnapshot.PathIn(resumed.SnapshotFolder)));
        Assert.Equal(whole.Losses, resumed.Losses);
        Assert.Equal(whole.TargetDraws, resumed.TargetDraws);
        Assert.Equal(whole.Validation, resumed.Validation);
    }

    [Fact]
    public void A_finished_round_called_again_gives_the_same_outcome_without_training()
    {
        using var run = new TinyRun();
        var first = run.Train(run.Job("job"));
        var bytes = File.ReadAllBytes(first.LocalModelPath);
        File.Delete(first.LocalModelPath);
        var second = run.Train(run.Job("job"), p => Assert.NotEqual("train", p.Phase));
        Assert.Equal(bytes, File.ReadAllBytes(second.LocalModelPath));
        Assert.Equal(first.Losses, second.Losses);
    }

    [Fact]
    public void A_left_over_of_a_killed_checkpoint_write_does_no_harm()
    {
        using var run = new TinyRun();
        var whole = run.Train(run.Job("whole"));
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => run.Train(run.Job("cut"), p => CancelAt(p, 4, stop), stop));
        var checkpoint = RoundCheckpoint.PathIn(Path.Combine(run.Folder, "cut"));
        File.WriteAllBytes(Path.Combine(Path.GetDirectoryName(checkpoint)!, ".state.safetensors.1-x.tmp"), File.ReadAllBytes(checkpoint).AsSpan(0, 500).ToArray());
        Assert.Equal(File.ReadAllBytes(whole.LocalModelPath), File.ReadAllBytes(run.Train(run.Job("cut")).LocalModelPath));
    }

    [Fact]
    public void A_damaged_or_foreign_checkpoint_is_refused()
    {
        using var run = new TinyRun();
        run.Train(run.Job("job"));
        var foreign = Assert.Throws<FederationException>(() => run.Train(run.Job("job") with { Round = 2 }));
        Assert.Equal(ErrorCatalogue.CheckpointInvalid, foreign.Code);
        var path = RoundCheckpoint.PathIn(Path.Combine(run.Folder, "job"));
        File.WriteAllBytes(path, File.ReadAllBytes(path).AsSpan(0, 4000).ToArray());
        Assert.Equal(ErrorCatalogue.CheckpointInvalid, Assert.Throws<FederationException>(() => run.Train(run.Job("job"))).Code);
    }

    [Fact]
    public void Moments_of_the_last_round_change_the_next_one_unless_the_plan_resets_them()
    {
        using var keep = new TinyRun();
        var snapshot = keep.Train(keep.Job("first")).SnapshotFolder;
        var kept = keep.Train(keep.Job("kept", 2, snapshot));
        var fresh = keep.Train(keep.Job("fresh", 2));
        Assert.NotEqual(File.ReadAllBytes(kept.LocalModelPath), File.ReadAllBytes(fresh.LocalModelPath));

        using var reset = new TinyRun(p => p with { Training = p.Training with { OptimizerState = "reset" } });
        var a = reset.Train(reset.Job("a", 2, snapshot));
        var b = reset.Train(reset.Job("b", 2));
        Assert.Equal(File.ReadAllBytes(a.LocalModelPath), File.ReadAllBytes(b.LocalModelPath));
    }

    [Fact]
    public void Validation_does_not_depend_on_the_round()
    {
        using var run = new TinyRun();
        Assert.Equal(run.Train(run.Job("one")).Validation, run.Train(run.Job("two", 2)).Validation);
    }

    [Fact]
    public void Contrastive_term_counts_from_its_start_on()
    {
        using var run = new TinyRun();
        var last = run.Train(run.Job("job", 3));
        Assert.InRange(last.Losses["contrastive"], 0.05, Math.Log(2) + 0.3);
        Assert.Equal(last.Losses["total"], last.Losses["templateView"] + last.Losses["crossModalView"] + last.Losses["contrastive"], 1e-5);
    }

    [Fact]
    public void A_site_with_one_modality_trains_the_template_task_alone()
    {
        using var run = new TinyRun(modalities: ["t2"]);
        var outcome = run.Train(run.Job("job", 3));
        Assert.Equal(["t2"], outcome.TargetDraws.Keys);
        Assert.True(double.IsFinite(outcome.Losses["total"]));
        using var local = new SafetensorsReader(outcome.LocalModelPath);
        Assert.DoesNotContain("template.t1", local.Tensors.Keys);
    }

    [Fact]
    public void A_modality_outside_the_plan_is_ignored()
    {
        using var run = new TinyRun(modalities: ["t1", "adc"]);
        var outcome = run.Train(run.Job("job"));
        Assert.Equal(["t1"], outcome.TargetDraws.Keys);
    }

    [Fact]
    public void Values_that_are_not_finite_end_the_round_without_an_outcome()
    {
        using var run = new TinyRun(p => p with { Training = p.Training with { LearningRate = 1, TemplateLearningRate = 1, WeightDecay = 1, TemplateWeight = 1000 } });
        using (var file = new SafetensorsReader(run.ModelPath))
        {
            // A huge final bias makes the squared error overflow in the first step, not in the loaded file.
            var tensors = file.Tensors.Values.Select(t => TensorSource.Floats(t.Name, t.Shape, t.Name == "decoder.out_1.conv.conv.bias" ? new float[] { 1e19f } : file.ReadFloats(t.Name))).ToArray();
            SafetensorsWriter.WriteFile(run.ModelPath + ".huge", tensors);
        }

        var job = run.Job("job") with { ModelPath = run.ModelPath + ".huge" };
        Assert.Equal(ErrorCatalogue.TrainingDiverged, Assert.Throws<FederationException>(() => run.Train(job)).Code);
        Assert.False(File.Exists(Path.Combine(job.JobFolder, "local.safetensors")));
        Assert.False(Directory.Exists(Path.Combine(job.JobFolder, "snapshot")));
    }

    [Fact]
    public void A_second_trainer_stays_out_of_the_folder()
    {
        using var run = new TinyRun();
        var job = run.Job("job");
        FederationException? refused = null;
        run.Train(job, p => refused ??= p.Phase == "train" ? Assert.Throws<FederationException>(() => run.Train(job)) : null);
        Assert.Equal(ErrorCatalogue.AlreadyRunning, refused!.Code);
        Assert.Contains(Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_of_another_network_is_refused()
    {
        using var run = new TinyRun();
        var job = run.Job("job");
        var other = job with { Plan = job.Plan with { Network = job.Plan.Network with { Widths = [4, 8, 8, 12] } } };
        Assert.Equal(ErrorCatalogue.LayoutMismatch, Assert.Throws<FederationException>(() => run.Train(other)).Code);
    }

    [Fact]
    public void Steps_leave_no_tensor_behind()
    {
        using var run = new TinyRun();
        var counts = new List<long>();
        run.Train(run.Job("job"), p => counts.AddRange(p.Phase == "train" ? [DisposeScopeManager.Statistics.ThreadTotalLiveCount] : []));
        Assert.Equal(7, counts.Count);
        Assert.All(counts.Skip(1), c => Assert.Equal(counts[1], c));
    }

    [Fact]
    public void Job_and_outcome_survive_canonical_json()
    {
        using var run = new TinyRun();
        var job = run.Job("job");
        var outcome = run.Train(job);
        var jobBytes = CanonicalJson.Serialize(job);
        var outcomeBytes = CanonicalJson.Serialize(outcome);
        Assert.Equal(Encoding.UTF8.GetString(jobBytes), Encoding.UTF8.GetString(CanonicalJson.Serialize(CanonicalJson.Deserialize<RoundJob>(jobBytes))));
        Assert.Equal(outcome.Losses, CanonicalJson.Deserialize<RoundOutcome>(outcomeBytes).Losses);
    }

    private static void CancelAt(TrainingProgress progress, int step, CancellationTokenSource stop)
    {
        if (progress.Phase == "train" && progress.Done == step)
        {
            stop.Cancel();
        }
    }
}
