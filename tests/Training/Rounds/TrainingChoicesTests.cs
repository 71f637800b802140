using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Batches;
using BrainMVP.Federated.Training.Checkpoints;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Rounds;
using TorchSharp;

namespace BrainMVP.Federated.Training.Tests.Rounds;

/// <summary>What the plan's choices do to a round.</summary>
public sealed class TrainingChoicesTests
{
    public static TheoryData<string, Func<TrainingPlan, TrainingPlan>> Choices => new()
    {
        { "everything", p => p with { MovingAverage = 0.9, ProximalWeight = 0.1, ClipNorm = 0.5, BatchNorm = "local", Recomputation = true, SharedMask = true } },
        { "fixed statistics", p => p with { BatchNorm = "fixed", BatchNormFixedFrom = 0.2, WarmUp = 0.3 } },
        { "bf16", p => p with { Precision = Precisions.Bf16 } },
        { "fp16", p => p with { Precision = Precisions.Fp16 } },
        { "faithful", p => p with { TemplateNormalization = "faithful", Targets = "perMicroBatch" } },
    };

    [Theory]
    [MemberData(nameof(Choices))]
    public void A_round_that_is_killed_continues_to_the_same_bytes(string name, Func<TrainingPlan, TrainingPlan> choose)
    {
        using var run = new TinyRun(p => p with { Training = choose(p.Training) });
        var whole = run.Train(run.Job("whole"));
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => run.Train(run.Job("cut"), p => CancelAt(p, 4, stop), stop));
        var resumed = run.Train(run.Job("cut"));
        var again = run.Train(run.Job("again"));
        Assert.True(File.ReadAllBytes(whole.LocalModelPath).AsSpan().SequenceEqual(File.ReadAllBytes(again.LocalModelPath)), name + " again");
        Assert.True(File.ReadAllBytes(whole.LocalModelPath).AsSpan().SequenceEqual(File.ReadAllBytes(resumed.LocalModelPath)), name);
        Assert.True(File.ReadAllBytes(OptimizerSnapshot.PathIn(whole.SnapshotFolder)).AsSpan().SequenceEqual(File.ReadAllBytes(OptimizerSnapshot.PathIn(resumed.SnapshotFolder))), name);
    }

    [Fact]
    public void Unet3d_trains_and_its_loss_falls()
    {
        using var run = new TinyRun(p => p with
        {
            Network = new NetworkPlan { Backbone = Backbones.UNet3D, Widths = [8, 8, 16, 16], Depths = [1, 1, 1, 1] },
            Rounds = new RoundsPlan { Count = 1, LocalSteps = 25 },
            Training = p.Training with { ContrastiveStart = 1 },
        });
        var losses = new List<double>();
        run.Train(run.Job("job"), p => losses.AddRange(p.Phase == "train" ? [p.Loss] : []));
        Assert.True(losses.TakeLast(5).Average() < 0.7 * losses.Take(5).Average(), string.Join(' ', losses));
    }

    [Fact]
    public void Statistics_stand_still_once_they_are_fixed_and_weights_do_not()
    {
        using var run = new TinyRun(p => p with { Training = p.Training with { BatchNorm = "fixed", BatchNormFixedFrom = 0.3 } });
        Assert.NotEqual(Read(run.ModelPath, "encoder.norm.running_mean"), Read(run.Train(run.Job("before")).LocalModelPath, "encoder.norm.running_mean"));
        var after = run.Train(run.Job("after", 2)).LocalModelPath;
        Assert.Equal(Read(run.ModelPath, "encoder.norm.running_mean"), Read(after, "encoder.norm.running_mean"));
        Assert.NotEqual(Read(run.ModelPath, "encoder.norm.weight"), Read(after, "encoder.norm.weight"));
    }

    [Fact]
    public void A_site_keeps_its_own_batch_normalisations_from_round_to_round_and_still_reports_them()
    {
        using var run = new TinyRun(p => p with { Training = p.Training with { BatchNorm = "local", OptimizerState = "reset", LearningRate = 1e-12, WeightDecay = 0 } });
        var first = run.Train(run.Job("first"));

        // The global model of round 2 is the initial one again; only the kept statistics can differ.
        var kept = Read(run.Train(run.Job("kept", 2, first.SnapshotFolder)).LocalModelPath, "encoder.norm.running_var");
        var fresh = Read(run.Train(run.Job("fresh", 2)).LocalModelPath, "encoder.norm.running_var");
        Assert.NotEqual(fresh, kept);
        File.Delete(BatchNormSnapshot.PathIn(first.SnapshotFolder));
        Assert.Equal(ErrorCatalogue.CheckpointInvalid, Assert.Throws<FederationException>(() => run.Train(run.Job("lost", 2, first.SnapshotFolder))).Code);
    }

    [Fact]
    public void A_strong_proximal_pull_keeps_the_weights_at_the_global_model()
    {
        using var free = new TinyRun();
        using var pulled = new TinyRun(p => p with { Training = p.Training with { ProximalWeight = 1000 } });
        Assert.True(Moved(pulled) < 0.5 * Moved(free));
    }

    [Fact]
    public void The_moving_average_is_sent_instead_of_the_last_weights()
    {
        using var last = new TinyRun();
        using var average = new TinyRun(p => p with { Training = p.Training with { MovingAverage = 0.9 } });
        Assert.True(Moved(average) < 0.8 * Moved(last));
        Assert.True(Moved(average) > 0);
    }

    [Fact]
    public void Memory_that_runs_out_halves_the_micro_batch_and_the_round_goes_on()
    {
        using var run = new TinyRun();
        var notes = new List<string>();
        var steps = Steps(run, count => ThrowIf(count > 1), notes, steps: 3, out var draws);
        Assert.Equal(2, steps.Pieces);
        Assert.Single(notes);
        Assert.Contains("2 pieces", notes[0], StringComparison.Ordinal);
        Assert.Equal(3 * 2 * 2, draws.Values.Sum());
    }

    [Fact]
    public void One_sample_that_does_not_fit_is_a_numbered_error()
    {
        using var run = new TinyRun();
        var refused = Assert.Throws<FederationException>(() => Steps(run, _ => ThrowIf(true), [], steps: 1, out _));
        Assert.Equal(ErrorCatalogue.TrainingOutOfMemory, refused.Code);
    }

    [Fact]
    public void A_step_that_ran_out_of_memory_half_way_leaves_no_trace_in_gradients_or_statistics()
    {
        // Without batch statistics and with pieces of one sample from the start, the step that failed once must equal the one that never did.
        using var run = new TinyRun(p => p with
        {
            Network = new NetworkPlan { Backbone = Backbones.UNet3D, Widths = [8, 8, 8, 8], Depths = [1, 1, 1, 1] },
        });
        var calls = 0;
        var failed = Weights(run, _ => ThrowIf(++calls == 2), pieces: 1);
        var never = Weights(run, _ => { }, pieces: 2);
        Assert.Equal(never, failed);
    }

    private static byte[][] Weights(TinyRun run, Action<int> before, int pieces)
    {
        var data = new SiteData(run.Plan, "north", run.Cases);
        using var session = new RoundSession(run.Job("job"), data, [torch.CPU]);
        using var feed = new BatchFeed(run.Plan, new BatchSampler(run.Plan, "north", data, []), 1, 1, pinned: false);
        session.Group.Train(freezeStatistics: false);
        new TrainingStep(run.Plan, feed, session.Group, session.Optimizer) { BeforePiece = before, Pieces = pieces }.Run(1, 0, new Dictionary<string, long>());
        return [.. session.Group.Master.TrainedTensors.Select(t => t.Value.bytes.ToArray())];
    }

    private static TrainingStep Steps(TinyRun run, Action<int> before, List<string> notes, int steps, out Dictionary<string, long> draws)
    {
        var data = new SiteData(run.Plan, "north", run.Cases);
        using var session = new RoundSession(run.Job("job"), data, [torch.CPU]);
        using var feed = new BatchFeed(run.Plan, new BatchSampler(run.Plan, "north", data, []), 1, 1, pinned: false);
        session.Group.Train(freezeStatistics: false);
        var step = new TrainingStep(run.Plan, feed, session.Group, session.Optimizer) { BeforePiece = before, Warn = notes.Add };
        draws = [];
        for (var i = 0; i < steps; i++)
        {
            step.Run(1, i, draws);
        }

        return step;
    }

    private static void ThrowIf(bool full)
    {
        if (full)
        {
            // No machine has that much: libtorch fails as it does on a full device.
            using var impossible = torch.zeros([1L << 48]);
        }
    }

    private static double Moved(TinyRun run)
    {
        var outcome = run.Train(run.Job("moved"));
        using var global = new SafetensorsReader(run.ModelPath);
        using var local = new SafetensorsReader(outcome.LocalModelPath);
        return Math.Sqrt(global.Tensors.Keys.Where(n => n.EndsWith("weight", StringComparison.Ordinal))
            .Sum(n => global.ReadFloats(n).Zip(local.ReadFloats(n), (a, b) => ((double)a - b) * (a - b)).Sum()));
    }

    private static float[] Read(string path, string name)
    {
        using var file = new SafetensorsReader(path);
        return file.ReadFloats(name);
    }

    private static void CancelAt(TrainingProgress progress, int step, CancellationTokenSource stop)
    {
        if (progress.Phase == "train" && progress.Done == step)
        {
            stop.Cancel();
        }
    }
}
