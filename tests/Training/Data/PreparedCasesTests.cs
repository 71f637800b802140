using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Phantom;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Rounds;

namespace BrainMVP.Federated.Training.Tests.Data;

public sealed class PreparedCasesTests
{
    [Fact]
    public void A_round_trains_on_prepared_phantom_volumes_and_a_small_cache_changes_nothing()
    {
        using var run = new TinyRun(p => p with { Imaging = p.Imaging with { SpacingMm = 8, Canvas = [30, 30, 20] }, Rounds = p.Rounds with { LocalSteps = 2 } });
        var source = Path.Combine(run.Folder, "source");
        PhantomDataset.Write(source, Request(), cancellation: TestContext.Current.CancellationToken);
        var prepared = Path.Combine(run.Folder, "prepared");
        PreparedDataset.Prepare(DatasetScanner.Scan(source), run.Plan.Imaging, prepared, cancellation: TestContext.Current.CancellationToken);

        var job = run.Job("job") with { DataFolder = prepared };
        var outcome = RoundTrainer.Run(job, _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(3, outcome.Cases);
        Assert.Equal(["t1", "t2"], outcome.TargetDraws.Keys.Order());
        using var local = new SafetensorsReader(outcome.LocalModelPath);
        Assert.Equal([30L, 30L, 20L], local.Tensors["template.t1"].Shape);

        var again = RoundTrainer.Run(job with { JobFolder = job.JobFolder + "-small" }, PreparedCases.Open(prepared, run.Plan, cacheBytes: 1).Cases, _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(File.ReadAllBytes(outcome.LocalModelPath), File.ReadAllBytes(again.LocalModelPath));
    }

    private static PhantomRequest Request() => new() { Seed = 1, Site = "north", Scanner = "north", Modalities = ["t1", "t2"], Cases = 3, SpacingMm = 4 };
}
