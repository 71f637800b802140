using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Checkpoints;
using BrainMVP.Federated.Training.Optimization;
using BrainMVP.Federated.Training.Rounds;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Tests.Rounds;

/// <summary>SCAFFOLD at a site.</summary>
public sealed class ControlVariateTests
{
    [Fact]
    public void A_gradient_is_corrected_by_the_federations_less_the_sites_estimate_and_the_next_estimate_is_the_mean_gradient()
    {
        using var folder = new TinyRun();
        var (global, own, next) = (Path.Combine(folder.Folder, "c"), Path.Combine(folder.Folder, "ci"), Path.Combine(folder.Folder, "next"));
        SafetensorsWriter.WriteFile(global, [TensorSource.Floats("control.w", [3], new float[] { 1, 2, 3 })]);
        SafetensorsWriter.WriteFile(own, [TensorSource.Floats("control.w", [3], new float[] { 0.5f, 0, -1 })]);
        using var parameter = new Parameter(zeros(3));
        using var controls = new ControlVariates([KeyValuePair.Create("w", parameter)], global, own);
        foreach (var gradient in (float[][])[[10, 20, 30], [-4, 0, 8]])
        {
            parameter.grad = tensor(gradient);
            controls.Correct();
            Assert.Equal([gradient[0] + 0.5f, gradient[1] + 2, gradient[2] + 4], parameter.grad!.data<float>().ToArray());
        }

        SafetensorsWriter.WriteFile(next, controls.Sources());
        using var written = new SafetensorsReader(next);
        Assert.Equal([3f, 10, 19], written.ReadFloats("control.w"));
    }

    [Fact]
    public void Before_there_are_estimates_a_round_trains_the_same_as_without()
    {
        using var plain = new TinyRun();
        using var scaffold = new TinyRun(Scaffold);
        using var without = new SafetensorsReader(plain.Train(plain.Job("plain")).LocalModelPath);
        var outcome = scaffold.Train(scaffold.Job("scaffold"));
        using var with = new SafetensorsReader(outcome.LocalModelPath);
        Assert.Null(outcome.OwnControlPath);
        foreach (var name in without.Tensors.Keys)
        {
            Assert.Equal(without.ReadFloats(name), with.ReadFloats(name));
        }

        var controls = with.Tensors.Keys.Except(without.Tensors.Keys).ToArray();
        Assert.Equal(without.Tensors.Keys.Where(n => !n.Contains(".running_", StringComparison.Ordinal) && !n.StartsWith("template.", StringComparison.Ordinal)).Select(n => "control." + n).Order(StringComparer.Ordinal), controls.Order(StringComparer.Ordinal));
        Assert.All(controls, c => Assert.All(with.ReadFloats(c), v => Assert.True(float.IsFinite(v))));
        Assert.Contains(controls, c => with.ReadFloats(c).Any(v => v != 0));
    }

    [Fact]
    public void A_site_that_agrees_with_the_federation_is_not_corrected_and_one_that_does_not_is()
    {
        using var plain = new TinyRun();
        using var scaffold = new TinyRun(Scaffold);
        var first = scaffold.Train(scaffold.Job("first"));
        var own = ControlSnapshot.PathIn(first.SnapshotFolder);
        var agreeing = scaffold.Train(scaffold.Job("agreeing", 2, first.SnapshotFolder) with { ControlPath = own });
        Assert.Equal(own, agreeing.OwnControlPath);
        var before = plain.Train(plain.Job("first"));
        Assert.Equal(Network(plain.Train(plain.Job("second", 2, before.SnapshotFolder))), Network(agreeing));
        Assert.NotEqual(Network(agreeing), Network(scaffold.Train(scaffold.Job("alone", 2, first.SnapshotFolder))));
    }

    [Fact]
    public void A_cancelled_round_continues_to_the_same_model_and_estimates()
    {
        using var run = new TinyRun(Scaffold);
        var first = run.Train(run.Job("first"));
        var whole = run.Train(run.Job("whole", 2, first.SnapshotFolder));
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => run.Train(run.Job("cut", 2, first.SnapshotFolder), p => Cancel(p, stop), stop));
        var resumed = run.Train(run.Job("cut", 2, first.SnapshotFolder));
        Assert.Equal(File.ReadAllBytes(whole.LocalModelPath), File.ReadAllBytes(resumed.LocalModelPath));
        Assert.Equal(File.ReadAllBytes(ControlSnapshot.PathIn(whole.SnapshotFolder)), File.ReadAllBytes(ControlSnapshot.PathIn(resumed.SnapshotFolder)));

        static void Cancel(TrainingProgress progress, CancellationTokenSource stop)
        {
            if (progress is { Phase: "train", Done: 4 })
            {
                stop.Cancel();
            }
        }
    }

    private static Plan Scaffold(Plan plan) => plan with { Training = plan.Training with { ControlVariates = true } };

    private static float[] Network(RoundOutcome outcome)
    {
        using var file = new SafetensorsReader(outcome.LocalModelPath);
        return [.. file.Tensors.Keys.Where(n => !n.StartsWith("control.", StringComparison.Ordinal)).Order(StringComparer.Ordinal).SelectMany(file.ReadFloats)];
    }
}
