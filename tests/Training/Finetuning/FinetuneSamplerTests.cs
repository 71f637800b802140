using BrainMVP.Federated.Training.Finetuning;

namespace BrainMVP.Federated.Training.Tests.Finetuning;

public sealed class FinetuneSamplerTests
{
    [Fact]
    public void Labels_are_cropped_and_mirrored_as_the_volumes_are()
    {
        using var tiny = new TinyTask(t => t with { Training = t.Training with { IntensityShift = 0, IntensityScale = 0, ReplacedModalities = 0 } });
        var sampler = new FinetuneSampler(tiny.Task, tiny.Cases, tiny.Templates());
        for (var step = 0; step < 20; step++)
        {
            using var batch = sampler.Draw(step, 0);
            Assert.Equal(1, batch.Copies);
            for (var row = 0; row < batch.Rows; row++)
            {
                Assert.Equal(batch.Channel(0, row, 0).ToArray().Select(v => v == 1f ? 1f : 0f), batch.Region(row, 0).ToArray());
            }
        }
    }

    [Fact]
    public void Crops_are_mirrored_along_every_axis_on_its_own()
    {
        using var tiny = new TinyTask();
        float[] voxels = [0, 1, 2, 3, 4, 5, 6, 7];
        float[] Mirrored(params bool[] axes)
        {
            var copy = voxels.ToArray();
            Mirror.InPlace(copy, [2, 2, 2], axes);
            return copy;
        }

        Assert.Equal([4, 5, 6, 7, 0, 1, 2, 3], Mirrored(true, false, false));
        Assert.Equal([2, 3, 0, 1, 6, 7, 4, 5], Mirrored(false, true, false));
        Assert.Equal([1, 0, 3, 2, 5, 4, 7, 6], Mirrored(false, false, true));
        Assert.Equal(voxels.Reverse(), Mirrored(true, true, true));
    }

    [Fact]
    public void The_two_copies_differ_in_whole_channels_that_templates_replace_and_never_in_all()
    {
        using var tiny = new TinyTask(t => t with { Training = t.Training with { Flip = 0, IntensityShift = 0, IntensityScale = 0, ReplacedModalities = 3 } });
        var sampler = new FinetuneSampler(tiny.Task, tiny.Cases, tiny.Templates("t1", "t2"));
        var seen = new HashSet<int>();
        for (var step = 0; step < 40; step++)
        {
            using var batch = sampler.Draw(step, 0);
            Assert.Equal(2, batch.Copies);
            for (var row = 0; row < batch.Rows; row++)
            {
                for (var copy = 0; copy < 2; copy++)
                {
                    // The T1 of a case has two values; a template has another at every voxel.
                    var replaced = Enumerable.Range(0, 2).Count(channel => IsTemplate(batch.Channel(copy, row, channel)));
                    Assert.InRange(replaced, 0, 1);
                    seen.Add(replaced);
                }
            }
        }

        Assert.Equal([0, 1], seen.Order());
    }

    [Fact]
    public void A_modality_that_a_case_lacks_is_its_template_under_the_crop_and_zeros_without_one()
    {
        using var tiny = new TinyTask(t => t with { Training = t.Training with { Flip = 0, IntensityShift = 0, IntensityScale = 0, ReplacedModalities = 0 } }, modalities: ["t1"]);
        using (var batch = new FinetuneSampler(tiny.Task, tiny.Cases, tiny.Templates("t2")).Draw(0, 0))
        {
            Assert.True(IsTemplate(batch.Channel(0, 0, 1)));
        }

        using (var batch = new FinetuneSampler(tiny.Task, tiny.Cases, tiny.Templates()).Draw(0, 0))
        {
            Assert.All(batch.Channel(0, 0, 1).ToArray(), v => Assert.Equal(0, v));
        }
    }

    [Fact]
    public void Of_a_single_channel_the_cells_of_a_mask_become_template_differently_in_each_copy()
    {
        using var tiny = new TinyTask(t => t with { Modalities = ["t1"], Training = t.Training with { Flip = 0, IntensityShift = 0, IntensityScale = 0, MaskRatio = 0.5 } });
        using var batch = new FinetuneSampler(tiny.Task, tiny.Cases, tiny.Templates("t1")).Draw(0, 0);
        var (first, second) = (batch.Channel(0, 0, 0).ToArray(), batch.Channel(1, 0, 0).ToArray());
        Assert.NotEqual(first, second);

        // Half of the cells are the case's own two values.
        Assert.Equal(first.Length / 2, first.Count(v => v is 1f or 0.2f), first.Length / 20.0);
        Assert.Equal(second.Length / 2, second.Count(v => v is 1f or 0.2f), second.Length / 20.0);
    }

    [Fact]
    public void A_draw_depends_on_its_step_alone()
    {
        using var tiny = new TinyTask();
        var templates = tiny.Templates("t1", "t2");
        using var direct = new FinetuneSampler(tiny.Task, tiny.Cases, templates).Draw(5, 0);
        var sampler = new FinetuneSampler(tiny.Task, tiny.Cases, templates);
        for (var step = 0; step < 5; step++)
        {
            sampler.Draw(step, 0).Dispose();
        }

        using var after = sampler.Draw(5, 0);
        Assert.Equal(direct.Volumes.bytes.ToArray(), after.Volumes.bytes.ToArray());
        Assert.Equal(direct.Regions!.bytes.ToArray(), after.Regions!.bytes.ToArray());
    }

    private static bool IsTemplate(ReadOnlySpan<float> voxels)
    {
        // Along the last axis a template grows by the same small amount.
        var step = voxels[9] - voxels[8];
        return step is > 0 and < 1e-3f && Math.Abs(voxels[10] - voxels[9] - step) < 1e-6;
    }
}
