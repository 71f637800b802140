using System.Globalization;
using BrainMVP.Federated.Benchmarks.Plain;
using BrainMVP.Federated.Networks.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Benchmarks;

/// <summary>Forward and backward time of each part on inputs of its size, ours beside the plain one, and of the optimisers.</summary>
internal static class PartsBenchmark
{
    public static bool Run(IEnumerable<Size> sizes)
    {
        foreach (var size in sizes)
        {
            Console.WriteLine($"Parts, {size.Name}, median ms (forward / backward)");
            var table = new Table("part", "plain fwd", "plain bwd", "ours fwd", "ours bwd", "ratio");
            using var ours = new OurTrainee(size.Network);
            using var plain = new PlainModel(size.Network);
            plain.CopyFrom(ours.Model);
            plain.train();
            Measure(size, (UniFormerModel)ours.Model, plain, table);
            Optimizers(size, ours.Model, plain, table);
            Console.WriteLine();
        }

        return true;
    }

    private static void Measure(Size size, UniFormerModel ours, PlainModel plain, Table table)
    {
        var our = ours.Encoder.named_children().ToDictionary(c => c.name, c => c.module);
        var their = plain.children().OfType<PlainEncoder>().Single().named_children().ToDictionary(c => c.name, c => c.module);
        using var scope = NewDisposeScope();
        var input = Volumes.Create("views", 2 * size.Batch, size.Side).permute(0, 1, 4, 2, 3).contiguous();
        foreach (var name in (string[])["patch_embed1", "blocks1", "patch_embed2", "blocks2", "patch_embed3", "blocks3", "patch_embed4", "blocks4"])
        {
            // Ours keeps the channels of a voxel together, [B, D, H, W, C].
            var (a, b) = (Chain(their[name]), Chain(our[name]));
            Row(table, name, size, input, input.permute(0, 2, 3, 4, 1).contiguous(), a, b, needsInputGradient: name != "patch_embed1");
            using var noGradient = no_grad();
            input = a(input).detach();
        }

        Row(table, "decoder", size, input, input, plain.children().OfType<PlainDecoder>().Single().call, ours.Decoder.call, needsInputGradient: true);
    }

    private static Func<Tensor, Tensor> Chain(nn.Module module) => module is nn.Module<Tensor, Tensor> one
        ? one.call
        : input => module.children().Cast<nn.Module<Tensor, Tensor>>().Aggregate(input, (x, block) => block.call(x));

    private static void Row(Table table, string name, Size size, Tensor plainInput, Tensor ourInput, Func<Tensor, Tensor> plain, Func<Tensor, Tensor> ours, bool needsInputGradient)
    {
        double[][] parts = [new double[2], new double[2]];
        List<double>[] forward = [[], []], backward = [[], []];
        Action Timed(int which, Tensor input, Func<Tensor, Tensor> part) => () =>
        {
            using var scope = NewDisposeScope();
            var x = input.detach().requires_grad_(needsInputGradient);
            Tensor? output = null;
            forward[which].Add(Stopwatches.Milliseconds(() => output = part(x)));
            var gradient = ones_like(output!);
            backward[which].Add(Stopwatches.Milliseconds(() => output!.backward([gradient])));
        };
        Stopwatches.InTurns(size.Repetitions, Timed(0, plainInput, plain), Timed(1, ourInput, ours));
        for (var which = 0; which < 2; which++)
        {
            parts[which] = [Stopwatches.Median(forward[which].Skip(1)), Stopwatches.Median(backward[which].Skip(1))];
        }

        table.Row(name, Number(parts[0][0]), Number(parts[0][1]), Number(parts[1][0]), Number(parts[1][1]), Number(parts[0].Sum() / parts[1].Sum()));
    }

    private static void Optimizers(Size size, ReconstructionModel ours, PlainModel plain, Table table)
    {
        using var library = optim.AdamW(plain.parameters(), lr: 1e-6, weight_decay: 1e-5);
        using var fused = new Training.Optimization.AdamW();
        foreach (var (name, parameter) in ours.State.Parameters)
        {
            parameter.grad = ones_like(parameter);
            fused.Add(name, parameter, template: false);
        }

        foreach (var parameter in plain.parameters())
        {
            parameter.grad = ones_like(parameter);
        }

        var times = Stopwatches.InTurns(Math.Max(size.Repetitions, 9), () => library.step(), () => fused.Step(1e-6, 0, 1e-5));
        table.Row("AdamW", Number(Stopwatches.Median(times[0])), "", Number(Stopwatches.Median(times[1])), "", Number(Stopwatches.Median(times[0]) / Stopwatches.Median(times[1])));
    }

    private static string Number(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
}
