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
    public void A_hidden_modality_gives_what_a_missing_one_gives()
    {
        using var tiny = new TinyTask();
        using var network = new DownstreamNetwork(tiny.Task);
        var templates = tiny.Templates("t2");
        var item = tiny.Cases[0].Volumes;
        var ct = TestContext.Current.CancellationToken;
        var hidden = new VolumePredictor(tiny.Task, network, templates) { Hidden = ["t2"] }.Segment(item, ct);
        var missing = new VolumePredictor(tiny.Task, network, templates).Segment(item with { Modalities = ["t1"] }, ct);
        Assert.Equal(missing, hidden);
        Assert.NotEqual(new VolumePredictor(tiny.Task, network, templates).Segment(item, ct), hidden);
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
