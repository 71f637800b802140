using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Finetuning;
using BrainMVP.Federated.Training.Rounds;
using BrainMVP.Federated.Training.Tests.Interchange;

namespace BrainMVP.Federated.Training.Tests.Finetuning;

public sealed class FinetuneTrainerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TaskKinds.Segmentation)]
    [InlineData(TaskKinds.Classification)]
    public void An_interrupted_training_ends_with_the_bytes_of_an_undisturbed_one(string kind)
    {
        using var tiny = new TinyTask(t => t with { Kind = kind });
        var whole = FinetuneTrainer.Run(tiny.Job("whole", null, "t1", "t2"), tiny.Cases, _ => { }, Cancellation);
        foreach (var stopAt in (int[])[1, 2, 3, 5])
        {
            var job = tiny.Job($"stopped-{stopAt}", null, "t1", "t2");
            using var stop = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => FinetuneTrainer.Run(job, tiny.Cases, Stop, stop.Token));
            var resumed = FinetuneTrainer.Run(job, tiny.Cases, _ => { }, Cancellation);
            Assert.Equal(File.ReadAllBytes(whole.ModelPath), File.ReadAllBytes(resumed.ModelPath));
            Assert.Equal(whole.Validations.Select(v => (v.Step, v.Score, v.Loss)), resumed.Validations.Select(v => (v.Step, v.Score, v.Loss)));
            Assert.Equal(whole.BestStep, resumed.BestStep);

            void Stop(TrainingProgress p)
            {
                if (p.Phase == "train" && p.Done == stopAt)
                {
                    stop.Cancel();
                }
            }
        }
    }

    [Fact]
    public void A_network_learns_what_is_bright()
    {
        using var tiny = new TinyTask(t => t with { Training = t.Training with { Steps = 60, ValidateEvery = 20, ReplacedModalities = 0 } });
        var outcome = FinetuneTrainer.Run(tiny.Job("job"), tiny.Cases, _ => { }, Cancellation);
        Assert.True(outcome.BestScore > 0.8, $"Dice {outcome.BestScore}");
        Assert.Equal(outcome.Validations.Max(v => v.Score), outcome.BestScore);
    }

    [Fact]
    public void Training_stops_when_validations_no_longer_get_better_and_keeps_the_best()
    {
        using var tiny = new TinyTask(t => t with { Training = t.Training with { Steps = 40, LearningRate = 0, ClipNorm = 0, ValidateEvery = 1, Patience = 3 } });
        var outcome = FinetuneTrainer.Run(tiny.Job("job"), tiny.Cases, _ => { }, Cancellation);
        Assert.True(outcome.Steps < 40, $"{outcome.Steps} steps");
        Assert.Equal(outcome.BestStep + 3, outcome.Steps);
    }

    [Fact]
    public void The_finished_model_keeps_the_share_of_the_start_that_was_asked_for()
    {
        using var tiny = new TinyTask(t => t with { Split = new SplitPlan { HeldOut = 0 } });
        var start = FinetuneTrainer.Run(tiny.Job("start"), tiny.Cases, _ => { }, Cancellation).ModelPath;
        FinetuneJob Job(string name, double share) => tiny.Job(name, start) with { Task = tiny.Task with { Training = tiny.Task.Training with { StartShare = share } } };
        using var before = new SafetensorsReader(start);
        using var after = new SafetensorsReader(FinetuneTrainer.Run(Job("after", 0), tiny.Cases, _ => { }, Cancellation).ModelPath);
        using var mixed = new SafetensorsReader(FinetuneTrainer.Run(Job("mixed", 0.25), tiny.Cases, _ => { }, Cancellation).ModelPath);
        foreach (var name in after.Tensors.Keys)
        {
            var expected = before.ReadFloats(name).Zip(after.ReadFloats(name), (b, a) => (0.25 * b) + (0.75 * a)).ToArray();
            Assert.All(mixed.ReadFloats(name).Zip(expected), v => Assert.Equal(v.Second, v.First, 1e-5 * Math.Max(1, Math.Abs(v.Second))));
        }
    }

    [Fact]
    public void A_share_of_a_start_that_does_not_fill_the_network_is_refused()
    {
        using var tiny = new TinyTask(t => t with { Training = t.Training with { StartShare = 0.5 } });
        var refused = Assert.Throws<FederationException>(() => FinetuneTrainer.Run(tiny.Job("job"), tiny.Cases, _ => { }, Cancellation));
        Assert.Equal(ErrorCatalogue.TaskInvalid, refused.Code);
        Assert.Contains("startShare", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_validation_cases_the_last_weights_are_kept()
    {
        using var tiny = new TinyTask(t => t with { Split = new SplitPlan { HeldOut = 0 } });
        var outcome = FinetuneTrainer.Run(tiny.Job("job"), tiny.Cases, _ => { }, Cancellation);
        Assert.Null(outcome.BestScore);
        Assert.Equal(6, outcome.BestStep);
        Assert.Equal(CanonicalTask(tiny.Task), CanonicalTask(DownstreamFile.ReadTask(outcome.ModelPath)));

        static string CanonicalTask(FinetuneTask task) => Contracts.Json.CanonicalJson.Hash(task);
    }

    [Fact]
    public void A_checkpoint_of_another_task_is_refused()
    {
        using var tiny = new TinyTask();
        FinetuneTrainer.Run(tiny.Job("job"), tiny.Cases, _ => { }, Cancellation);
        var other = tiny.Job("job") with { Task = tiny.Task with { Seed = 2 } };
        Fails.With(ErrorCatalogue.CheckpointInvalid, () => FinetuneTrainer.Run(other, tiny.Cases, _ => { }, Cancellation));
    }

    [Fact]
    public void A_step_that_runs_out_of_memory_goes_on_in_pieces()
    {
        using var tiny = new TinyTask(t => t with { Training = t.Training with { BatchSize = 4, ReplacedModalities = 0 } });
        using var network = new DownstreamNetwork(tiny.Task);
        using var optimizer = new Federated.Training.Optimization.AdamW();
        foreach (var (name, parameter) in network.State.Parameters)
        {
            optimizer.Add(name, parameter, template: false);
        }

        var warnings = new List<string>();
        var step = new FinetuneStep(tiny.Task, network, optimizer, null) { Warn = warnings.Add, BeforePiece = rows => { if (rows > 1) { throw new InvalidOperationException("CUDA out of memory."); } } };
        using var batch = new FinetuneSampler(tiny.Task, tiny.Cases, tiny.Templates()).Draw(0, 0);
        Assert.True(double.IsFinite(step.Run(0, [batch])));
        Assert.Equal(4, step.Pieces);
        Assert.Equal(2, warnings.Count);
    }
}
