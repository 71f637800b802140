using BrainMVP.Federated.Training.Batches;
using BrainMVP.Federated.Training.Data;

namespace BrainMVP.Federated.Training.Tests.Batches;

public sealed class BatchSamplerTests
{
    [Fact]
    public void One_target_per_micro_batch_takes_the_same_position_of_each_cases_own_order()
    {
        using var run = new TinyRun(p => p with { Training = p.Training with { Targets = "perMicroBatch", BatchSize = 8 } }, ["t1", "t2", "flair"]);
        var rows = Rows(run, steps: 40);

        // The same case always shuffles alike: its target tells the position, and all cases of a micro-batch agree.
        var byCase = rows.SelectMany(r => r).GroupBy(r => r.Case).ToDictionary(g => g.Key, g => g.Select(r => r.Modality).Distinct().Count());
        Assert.All(byCase.Values, count => Assert.Equal(3, count));
        foreach (var batch in rows)
        {
            Assert.All(batch.GroupBy(r => r.Case), g => Assert.Single(g.Select(r => r.Modality).Distinct()));
        }

        Assert.Contains(rows, batch => batch.Select(r => r.Modality).Distinct().Count() > 1);
    }

    [Fact]
    public void All_targets_make_a_row_of_every_modality_of_every_case()
    {
        using var run = new TinyRun(p => p with { Training = p.Training with { Targets = "all" } });
        foreach (var batch in Rows(run, steps: 3))
        {
            Assert.Equal(4, batch.Count);
            Assert.All(batch.GroupBy(r => r.Case), g => Assert.Equal(g.Count() / 2, g.Count(r => r.Modality == "t1")));
        }

        var outcome = run.Train(run.Job("job"));
        Assert.Equal(7 * 2 * 2, outcome.TargetDraws["t1"]);
        Assert.Equal(7 * 2 * 2, outcome.TargetDraws["t2"]);
    }

    [Fact]
    public void Global_templates_fill_for_modalities_that_a_case_lacks_only_where_the_plan_says_so()
    {
        using var with = new TinyRun(p => p with { Training = p.Training with { FillFromGlobalTemplates = true, CrossModalStart = 0 } }, ["t1"]);
        using var without = new TinyRun(p => p with { Training = p.Training with { CrossModalStart = 0 } }, ["t1"]);
        Assert.All(Rows(with, 5, ["t2", "t1"]).SelectMany(r => r), r => Assert.Equal((FillerKind.OtherTemplate, "t2"), (r.Filler, r.FillerModality)));
        Assert.All(Rows(with, 5, []).SelectMany(r => r), r => Assert.Equal(FillerKind.OwnTemplate, r.Filler));
        Assert.All(Rows(without, 5, ["t2"]).SelectMany(r => r), r => Assert.Equal(FillerKind.OwnTemplate, r.Filler));
    }

    [Fact]
    public void Another_modality_of_the_case_is_drawn_as_often_as_a_global_template()
    {
        using var run = new TinyRun(p => p with { Training = p.Training with { FillFromGlobalTemplates = true, CrossModalStart = 0 } });
        var rows = Rows(run, 100, ["flair"]).SelectMany(r => r).ToArray();
        Assert.InRange(rows.Count(r => r.Filler == FillerKind.OtherTemplate) / (double)rows.Length, 0.4, 0.6);
        Assert.All(rows, r => Assert.NotEqual(r.Modality, r.FillerModality));
    }

    [Fact]
    public void A_batch_is_the_same_whatever_the_buffer_held_before()
    {
        using var run = new TinyRun();
        var sampler = new BatchSampler(run.Plan, "north", new SiteData(run.Plan, "north", run.Cases), []);
        using var fresh = new HostBatch(sampler.Capacity, run.Plan.Imaging.Crop, pinned: false);
        using var used = new HostBatch(sampler.Capacity, run.Plan.Imaging.Crop, pinned: false);
        sampler.Fill(used, 2, 5, 1);
        sampler.Fill(used, 1, 6, 0);
        sampler.Fill(fresh, 1, 6, 0);
        Assert.Equal(fresh.Targets.bytes.ToArray(), used.Targets.bytes.ToArray());
        Assert.Equal(fresh.Mask1.bytes.ToArray(), used.Mask1.bytes.ToArray());
        Assert.Equal(fresh.Mask2.bytes.ToArray(), used.Mask2.bytes.ToArray());
    }

    [Fact]
    public void The_queue_delivers_in_order_and_hands_on_what_went_wrong()
    {
        using var run = new TinyRun();
        var reads = 0;
        var cases = run.Cases.Select(c => c with { Volume = m => Interlocked.Increment(ref reads) > 16 ? throw new IOException("The disk is gone.") : c.Volume(m) });
        var sampler = new BatchSampler(run.Plan, "north", new SiteData(run.Plan, "north", cases), []);
        using var feed = new BatchFeed(run.Plan, sampler, 1, 1, pinned: false);
        var places = new List<(int, int)>();
        var failure = Assert.Throws<IOException>(() =>
        {
            for (var step = 0; step < 7; step++)
            {
                for (var part = 0; part < 2; part++)
                {
                    var batch = feed.Take(step, part);
                    places.Add((batch.Step, batch.Part));
                    feed.Return(batch);
                }
            }
        });
        Assert.Equal("The disk is gone.", failure.Message);
        Assert.Equal([.. Enumerable.Range(0, places.Count).Select(i => (i / 2, i % 2))], places);
        Assert.True(places.Count > 4);
    }

    [Fact]
    public void A_feed_that_is_restarted_gives_the_same_batch_again()
    {
        using var run = new TinyRun();
        using var feed = new BatchFeed(run.Plan, new BatchSampler(run.Plan, "north", new SiteData(run.Plan, "north", run.Cases), []), 1, 1, pinned: false);
        feed.Return(feed.Take(0, 0));
        var first = feed.Take(0, 1).Targets.bytes.ToArray();
        feed.Restart();
        feed.Return(feed.Take(0, 0));
        Assert.Equal(first, feed.Take(0, 1).Targets.bytes.ToArray());
    }

    private static List<List<BatchRow>> Rows(TinyRun run, int steps, IReadOnlyCollection<string>? globalTemplates = null)
    {
        var sampler = new BatchSampler(run.Plan, "north", new SiteData(run.Plan, "north", run.Cases), globalTemplates ?? []);
        using var batch = new HostBatch(sampler.Capacity, run.Plan.Imaging.Crop, pinned: false);
        var rows = new List<List<BatchRow>>();
        for (var step = 0; step < steps; step++)
        {
            sampler.Fill(batch, 1, step, 0);
            rows.Add([.. batch.Rows]);
        }

        return rows;
    }
}
