using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Networks.Losses;
using BrainMVP.Federated.Networks.Masking;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Networks.Templates;
using BrainMVP.Federated.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Tests.Evaluation;

public sealed class TemplateOracleTests
{
    /// <summary>
    /// Crops, canvas offsets, masks and gradients must agree about where a voxel lies. A network that copies its input
    /// stands in for the trained one; then a template can only become the mean head of its cases.
    /// </summary>
    [Theory]
    [InlineData("uniform", "grid")]
    [InlineData("foreground", "cubes")]
    public void With_a_network_that_copies_a_template_becomes_the_mean_head(string position, string geometry)
    {
        int[] canvas = [24, 28, 20];
        var imaging = new ImagingPlan { Canvas = canvas, Crop = [16, 16, 16], CropPosition = position };
        var training = new TrainingPlan { MaskGeometry = geometry, MaskCell = 4 };

        // Two sizes of box, so that offsets differ; the heads lie at the centre of both.
        TrainingCase[] cases =
        [
            .. SyntheticHeads.Create(3, ["t1"], [20, 22, 18], canvas, "north"),
            .. SyntheticHeads.Create(3, ["t1"], [22, 20, 14], canvas, "south"),
        ];
        using var bank = new TemplateBank(["t1"], canvas, TemplateNormalization.Guarded);
        for (var step = 0; step < 400; step++)
        {
            using var scope = NewDisposeScope();
            CounterRandom Stream(string purpose) => new(3, "step", step, purpose);
            var item = cases[step % cases.Length];
            var start = CropSampler.Draw(imaging, item.Shape, item.Volume("t1"), Stream("crop"));
            var voxels = new float[4096];
            item.Volume("t1").Copy(start, imaging.Crop, voxels);
            var target = tensor(voxels).reshape(16, 16, 16);
            var mask = tensor(Masks.Draw(training, imaging.Crop, Stream("mask"))).reshape(16, 16, 16);
            var filler = TemplateBank.Crop(bank.Normalized("t1"), [.. start.Zip(item.CanvasOffset, (a, b) => a + b)], imaging.Crop);
            PretrainingLosses.Reconstruction(MaskedViews.Fill(target, mask, filler), target, training.ReconstructionNorm).backward();
            using var noGradient = no_grad();
            var template = bank.Templates["t1"];
            template.sub_(template.grad! * (0.05 * voxels.Length));
            template.grad!.zero_();
        }

        Assert.InRange(Correlation(ModelState.Elements(bank.Templates["t1"]), Mean(cases, canvas)), 0.95, 1);
    }

    private static double[] Mean(IReadOnlyList<TrainingCase> cases, int[] canvas)
    {
        var mean = new double[canvas[0] * canvas[1] * canvas[2]];
        foreach (var item in cases)
        {
            var placed = new float[mean.Length];
            item.Volume("t1").Copy([.. item.CanvasOffset.Select(o => -o)], canvas, placed);
            for (var i = 0; i < mean.Length; i++)
            {
                mean[i] += placed[i] / cases.Count;
            }
        }

        return mean;
    }

    private static double Correlation(ReadOnlySpan<float> a, ReadOnlySpan<double> b)
    {
        double n = a.Length, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
        for (var i = 0; i < a.Length; i++)
        {
            (x, y, xx, yy, xy) = (x + a[i], y + b[i], xx + ((double)a[i] * a[i]), yy + (b[i] * b[i]), xy + (a[i] * b[i]));
        }

        return ((n * xy) - (x * y)) / Math.Sqrt(((n * xx) - (x * x)) * ((n * yy) - (y * y)));
    }
}
