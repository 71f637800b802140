using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Training.Schedules;
using CsCheck;

namespace BrainMVP.Federated.Training.Tests.Schedules;

public sealed class RunProgressTests
{
    private static readonly Plan Plan = new() { Rounds = new RoundsPlan { Count = 5, LocalSteps = 20 } };

    [Fact]
    public void Progress_is_global_over_rounds()
    {
        var progress = new RunProgress(Plan);
        Assert.Equal(0, progress.At(1, 0));
        Assert.Equal(0.2, progress.At(2, 0));
        Assert.Equal(0.99, progress.At(5, 19));
        Assert.Equal(99, progress.GlobalStep(5, 19));
    }

    [Fact]
    public void Learning_rate_is_a_cosine_from_one_to_almost_zero()
    {
        var progress = new RunProgress(Plan);
        Assert.Equal(1, progress.LearningRateFactor(0));
        Assert.Equal(0.5, progress.LearningRateFactor(0.5), 1e-12);
        Assert.InRange(progress.LearningRateFactor(0.99), 1e-6, 1e-3);
    }

    [Fact]
    public void Warm_up_rises_linearly_and_meets_the_cosine_at_one()
    {
        var progress = new RunProgress(Plan with { Training = new TrainingPlan { WarmUp = 0.1 } });
        Assert.Equal(0.1, progress.LearningRateFactor(0), 1e-12);
        Assert.Equal(0.6, progress.LearningRateFactor(0.05), 1e-12);
        Assert.Equal(1, progress.LearningRateFactor(0.1));
    }

    [Fact]
    public void Learning_rate_factor_stays_in_its_range()
    {
        Gen.Select(Gen.Double[0, 0.5], Gen.Int[0, 99]).Sample((warmUp, step) =>
        {
            var progress = new RunProgress(Plan with { Training = new TrainingPlan { WarmUp = warmUp } });
            Assert.InRange(progress.LearningRateFactor(step / 100.0), 0, 1);
        });
    }

    [Fact]
    public void Phases_switch_at_their_part_of_the_run()
    {
        var progress = new RunProgress(Plan with { Training = new TrainingPlan { CrossModalStart = 0.2, ContrastiveStart = 0.6 } });
        Assert.False(progress.CrossModal(progress.At(1, 19)));
        Assert.True(progress.CrossModal(progress.At(2, 0)));
        Assert.False(progress.Contrastive(progress.At(3, 19)));
        Assert.True(progress.Contrastive(progress.At(4, 0)));
    }
}
