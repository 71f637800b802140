using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Phantom;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Training.Batches;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Rounds;

namespace BrainMVP.Federated.Training.Tests.Data;

public sealed class PreparedCasesTests : IDisposable
{
    private readonly TinyRun _run = new(p => p with
    {
        Imaging = p.Imaging with { SpacingMm = 8, Canvas = [30, 30, 20], CropPosition = "foreground" },
        Rounds = p.Rounds with { LocalSteps = 2 },
        Training = p.Training with { CrossModalStart = 0 },
    });

    private readonly string _prepared;
    private readonly ScanResult _scan;

    public PreparedCasesTests()
    {
        var source = Path.Combine(_run.Folder, "source");
        PhantomDataset.Write(source, Request());
        _prepared = Path.Combine(_run.Folder, "prepared");
        _scan = DatasetScanner.Scan(source);
        PreparedDataset.Prepare(_scan, _run.Plan.Imaging, _prepared);
    }

    public void Dispose() => _run.Dispose();

    [Fact]
    public void A_round_trains_on_prepared_phantom_volumes_and_few_open_files_change_nothing()
    {
        var job = _run.Job("job") with { DataFolder = _prepared };
        var outcome = RoundTrainer.Run(job, _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(3, outcome.Cases);
        Assert.Equal(["t1", "t2"], outcome.TargetDraws.Keys.Order());
        using var local = new SafetensorsReader(outcome.LocalModelPath);
        Assert.Equal([30L, 30L, 20L], local.Tensors["template.t1"].Shape);

        using var few = PreparedCases.Open(_prepared, _run.Plan, openFiles: 1);
        var again = RoundTrainer.Run(job with { JobFolder = job.JobFolder + "-few" }, few.Cases, _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(File.ReadAllBytes(outcome.LocalModelPath), File.ReadAllBytes(again.LocalModelPath));
    }

    [Fact]
    public void Batches_from_files_and_from_the_unquantised_volumes_differ_by_half_a_step_and_in_nothing_else()
    {
        using var prepared = PreparedCases.Open(_prepared, _run.Plan);
        var memory = prepared.Cases.Select(c =>
        {
            var whole = CasePreparer.Prepare(_scan.Cases.Single(s => s.Name == c.Name), _run.Plan.Imaging);
            return c with { Volume = m => new MemoryVolume(c.Shape, whole.Channels[whole.Modalities.ToList().IndexOf(m)]) };
        });
        var samplers = new[] { prepared.Cases, memory }.Select(c => new BatchSampler(_run.Plan, "north", new SiteData(_run.Plan, "north", c), [])).ToArray();
        var batches = samplers.Select(s => new HostBatch(s.Capacity, _run.Plan.Imaging.Crop, pinned: false)).ToArray();
        for (var step = 0; step < 20; step++)
        {
            for (var n = 0; n < 2; n++)
            {
                samplers[n].Fill(batches[n], 1, step, 0);
            }

            Assert.Equal(batches[0].Rows.Select(Text), batches[1].Rows.Select(Text));
            Assert.Equal(batches[0].Mask1.bytes.ToArray(), batches[1].Mask1.bytes.ToArray());
            Assert.InRange(Largest(batches.Select(b => ModelState.Elements(b.Targets).ToArray())), 0, 1.0 / 65535);
            Assert.InRange(Largest(batches.Select(b => ModelState.Elements(b.Sources).ToArray())), 0, 1.0 / 65535);
        }

        Array.ForEach(batches, b => b.Dispose());

        static string Text(BatchRow row) => $"{row.Case} {row.Modality} {row.Filler} {row.FillerModality} {string.Join(' ', row.CanvasStart)}";
        static double Largest(IEnumerable<float[]> pair) => pair.First().Zip(pair.Last(), (a, b) => (double)Math.Abs(a - b)).Max();
    }

    [Fact]
    public void Threads_that_share_fewer_open_files_than_cases_all_read_the_right_crops()
    {
        using var cases = PreparedCases.Open(_prepared, _run.Plan, openFiles: 1);
        var whole = cases.Cases.Select((c, i) => PreparedDataset.Load(_prepared).Read(i).Channels).ToArray();
        Parallel.For(0, 4, thread =>
        {
            var random = new CounterRandom(7, thread);
            var crop = new float[16 * 16 * 16];
            for (var n = 0; n < 100; n++)
            {
                var (which, modality) = (random.NextInt32(cases.Cases.Count), random.NextInt32(2));
                var item = cases.Cases[which];
                var start = CropSampler.Draw(item.Shape, [16, 16, 16], random);
                item.Volume(item.Modalities[modality]).Copy(start, [16, 16, 16], crop);
                var expected = new float[crop.Length];
                new MemoryVolume(item.Shape, whole[which][modality]).Copy(start, [16, 16, 16], expected);
                Assert.Equal(expected, crop);
            }
        });
    }

    [Fact]
    public void A_damaged_case_stops_the_round_with_what_to_do()
    {
        var file = Directory.GetFiles(_prepared, "*.case")[0];
        var bytes = File.ReadAllBytes(file);
        for (var at = bytes.Length / 2; at < bytes.Length; at++)
        {
            bytes[at] ^= 1;
        }

        File.WriteAllBytes(file, bytes);
        var stopped = Assert.Throws<FederationException>(() => RoundTrainer.Run(_run.Job("job") with { DataFolder = _prepared }, _ => { }, TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCatalogue.ArtifactCorrupt, stopped.Code);
        Assert.Contains("Prepare the data again", stopped.Message, StringComparison.Ordinal);
    }

    private static PhantomRequest Request() => new() { Seed = 1, Site = "north", Scanner = "north", Modalities = ["t1", "t2"], Cases = 3, SpacingMm = 4 };
}
