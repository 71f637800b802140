using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Training.Batches;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Devices;
using BrainMVP.Federated.Training.Rounds;
using TorchSharp;

namespace BrainMVP.Federated.Training.Tests.Devices;

/// <summary>Several replicas on the CPU take the path that several GPUs take.</summary>
public sealed class ReplicaGroupTests
{
    [Fact]
    public void Two_devices_together_have_the_gradients_of_one()
    {
        using var run = new TinyRun();
        var one = Gradients(run, devices: 1, pieces: 1);
        var two = Gradients(run, devices: 2, pieces: 1);
        Assert.Equal(one.Keys, two.Keys);
        Assert.All(one, g => Assert.True(Distance(g.Value, two[g.Key]) < 1e-5, $"{g.Key}: {Distance(g.Value, two[g.Key])}"));
    }

    [Fact]
    public void Pieces_of_a_micro_batch_add_up_to_its_gradients_in_a_network_without_batch_statistics()
    {
        using var run = new TinyRun(p => p with { Network = new NetworkPlan { Backbone = Backbones.UNet3D, Widths = [8, 8, 8, 8], Depths = [1, 1, 1, 1] } });
        var whole = Gradients(run, devices: 1, pieces: 1);
        var pieces = Gradients(run, devices: 1, pieces: 2);
        Assert.All(whole, g => Assert.True(Distance(g.Value, pieces[g.Key]) < 1e-4, $"{g.Key}: {Distance(g.Value, pieces[g.Key])}"));
    }

    [Fact]
    public void Replicas_are_equal_after_every_round()
    {
        using var run = new TinyRun();
        var data = new SiteData(run.Plan, "north", run.Cases);
        using var session = new RoundSession(run.Job("job"), data, [torch.CPU, torch.CPU]);
        using var feed = new BatchFeed(run.Plan, new BatchSampler(run.Plan, "north", data, []), 1, 2, pinned: false);
        var step = new TrainingStep(run.Plan, feed, session.Group, session.Optimizer);
        session.Group.Train(freezeStatistics: false);
        for (var i = 0; i < 3; i++)
        {
            step.Run(1, i, new Dictionary<string, long>());
        }

        var states = session.Group.Run<byte[][]>([Copy, Copy]);
        Assert.Equal(states[0], states[1]);

        static byte[][] Copy(Replica replica) => [.. replica.TrainedTensors.Concat(replica.Model.State.Statistics).Select(t => t.Value.bytes.ToArray())];
    }

    [Fact]
    public void A_whole_round_runs_on_two_devices()
    {
        using var run = new TinyRun();
        var outcome = run.Train(run.Job("two") with { Devices = ["cpu", "cpu"] });
        var single = run.Train(run.Job("one"));
        Assert.Equal(single.TargetDraws, outcome.TargetDraws);
        Assert.Equal(single.Losses["total"], outcome.Losses["total"], 0.02);
    }

    [Fact]
    public void A_failure_on_one_device_is_thrown_after_the_others_have_ended()
    {
        using var run = new TinyRun();
        using var session = new RoundSession(run.Job("job"), new SiteData(run.Plan, "north", run.Cases), [torch.CPU, torch.CPU]);
        var ended = false;
        Assert.Throws<InvalidOperationException>(() => session.Group.Run<int>(
        [
            _ => throw new InvalidOperationException("device 0"),
            _ =>
            {
                Thread.Sleep(50);
                ended = true;
                return 1;
            },
        ]));
        Assert.True(ended);
        Assert.Equal([1, 2], session.Group.Run<int>([_ => 1, _ => 2]));
    }

    private static SortedDictionary<string, float[]> Gradients(TinyRun run, int devices, int pieces)
    {
        var data = new SiteData(run.Plan, "north", run.Cases);
        using var session = new RoundSession(run.Job("job"), data, [.. Enumerable.Repeat(torch.CPU, devices)]);
        var sampler = new BatchSampler(run.Plan, "north", data, []);
        HostBatch[] batches = [new(sampler.Capacity, run.Plan.Imaging.Crop, false), new(sampler.Capacity, run.Plan.Imaging.Crop, false)];
        session.Group.Train(freezeStatistics: false);
        for (var part = 0; part < 2; part++)
        {
            sampler.Fill(batches[part], 1, 4, part);
        }

        session.Group.Run<StepLosses>([.. batches.Select(b => (Func<Replica, StepLosses>)(replica =>
        {
            var sum = default(StepLosses);
            for (var piece = 0; piece < pieces; piece++)
            {
                var count = 2 / pieces;
                sum += replica.Accumulate(b, piece * count, count, contrastive: false, 0.5 / pieces);
            }

            return sum;
        }))]);
        session.Group.CollectGradients();
        var gradients = new SortedDictionary<string, float[]>(StringComparer.Ordinal);
        foreach (var (name, parameter) in session.Group.Master.Trained)
        {
            using var gradient = parameter.grad;
            Assert.NotNull(gradient);
            gradients.Add(name, gradient.contiguous().data<float>().ToArray());
        }

        foreach (var batch in batches)
        {
            batch.Dispose();
        }

        return gradients;
    }

    /// <summary>Relative to the norm; gradients that are zero but for rounding count as zero.</summary>
    private static double Distance(float[] a, float[] b) =>
        Math.Sqrt(a.Zip(b, (x, y) => ((double)x - y) * (x - y)).Sum()) / Math.Max(1e-2, Math.Sqrt(a.Sum(x => (double)x * x)));
}
