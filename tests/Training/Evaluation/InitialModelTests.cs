using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Models;

namespace BrainMVP.Federated.Training.Tests.Evaluation;

public sealed class InitialModelTests
{
    [Fact]
    public void Same_plan_gives_the_same_bytes_and_another_seed_others()
    {
        using var run = new TinyRun();
        var again = Path.Combine(run.Folder, "again.safetensors");
        ModelInitializer.Write(run.Plan, again);
        Assert.Equal(File.ReadAllBytes(run.ModelPath), File.ReadAllBytes(again));
        ModelInitializer.Write(run.Plan with { Seed = 2 }, again);
        Assert.NotEqual(File.ReadAllBytes(run.ModelPath), File.ReadAllBytes(again));
    }

    [Fact]
    public void Only_float_tensors_are_written_and_no_metadata()
    {
        using var run = new TinyRun();
        using var file = new SafetensorsReader(run.ModelPath);
        Assert.All(file.Tensors.Values, t => Assert.Equal("F32", t.DataType));
        Assert.DoesNotContain(file.Tensors.Keys, n => n.Contains("num_batches_tracked", StringComparison.Ordinal));
        Assert.Empty(file.Metadata);
    }
}
