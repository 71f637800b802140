using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Finetuning;

namespace BrainMVP.Federated.Training.Tests.Finetuning;

public sealed class VolumePredictorTests
{
    [Fact]
    public void With_all_mirror_images_the_mirrored_volume_gets_the_mirrored_prediction()
    {
        using var tiny = new TinyTask(t => t with { Inference = new InferencePlan { Flips = true, Overlap = 0.5 }, Imaging = t.Imaging with { Crop = [32, 32, 32] } });
        using var network = new DownstreamNetwork(tiny.Task);
        var predictor = new VolumePredictor(tiny.Task, network, tiny.Templates());
        var item = tiny.Cases[0].Volumes;
        bool[] axes = [true, false, true];
        var expected = predictor.Segment(item, TestContext.Current.CancellationToken);
        Mirror.InPlace(expected, item.Shape, axes);
        var found = predictor.Segment(Mirrored(item, axes), TestContext.Current.CancellationToken);
        Assert.Equal(expected, found, (a, b) => Math.Abs(a - b) < 1e-4);
    }

    [Theory]
    [InlineData(WindowWeights.Gaussian)]
    [InlineData(WindowWeights.Constant)]
    public void Probabilities_cover_the_whole_volume(string weights)
    {
        using var tiny = new TinyTask(t => t with { Inference = new InferencePlan { Weights = weights } });
        using var network = new DownstreamNetwork(tiny.Task);
        var probabilities = new VolumePredictor(tiny.Task, network, tiny.Templates()).Segment(tiny.Cases[0].Volumes, TestContext.Current.CancellationToken);
        Assert.Equal(20 * 22 * 18, probabilities.Length);
        Assert.All(probabilities, p => Assert.InRange(p, 0f, 1f));
    }

    [Fact]
    public void A_missing_modality_is_its_template_or_zeros()
    {
        using var tiny = new TinyTask();
        using var network = new DownstreamNetwork(tiny.Task);
        var templates = tiny.Templates("t2");
        var item = tiny.Cases[0].Volumes;
        var ct = TestContext.Current.CancellationToken;
        var missing = item with { Modalities = ["t1"] };
        var zeros = tiny.Task with { Training = tiny.Task.Training with { MissingModalities = MissingFillers.Zeros } };
        float[] Of(FinetuneTask task, TrainingCase volumes, params string[] known) => new VolumePredictor(task, network, known.Length > 0 ? templates : tiny.Templates()).Segment(volumes, ct);
        float[][] different = [Of(tiny.Task, item, "t2"), Of(tiny.Task, missing, "t2"), Of(tiny.Task, missing)];
        Assert.NotEqual(different[0], different[1]);
        Assert.NotEqual(different[1], different[2]);
        Assert.NotEqual(different[0], different[2]);
        Assert.Equal(different[2], Of(zeros, missing, "t2"));
    }

    [Fact]
    public void Probabilities_of_classes_add_up_to_one()
    {
        using var tiny = new TinyTask(t => t with { Kind = TaskKinds.Classification, Classes = ["a", "b", "c"] });
        using var network = new DownstreamNetwork(tiny.Task);
        var scores = new VolumePredictor(tiny.Task, network, tiny.Templates()).Classify(tiny.Cases[0].Volumes);
        Assert.Equal(3, scores.Length);
        Assert.Equal(1, scores.Sum(), 1e-12);
    }

    private static TrainingCase Mirrored(TrainingCase item, bool[] axes)
    {
        var volumes = item.Modalities.ToDictionary(m => m, m =>
        {
            var voxels = new float[item.Shape[0] * item.Shape[1] * item.Shape[2]];
            item.Volume(m).Copy([0, 0, 0], item.Shape, voxels);
            Mirror.InPlace(voxels, item.Shape, axes);
            return new MemoryVolume(item.Shape, voxels);
        });
        return item with { Volume = m => volumes[m] };
    }
}
