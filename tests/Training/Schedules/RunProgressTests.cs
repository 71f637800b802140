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
    public void Double_speed_reaches_zero_at_half_of_the_run_and_rises_to_the_highest_rate_again()
    {
        var progress = Progress(0, "doubleSpeedCosine");
        Assert.Equal(1, progress.LearningRateFactor(0));
        Assert.Equal(0.5, progress.LearningRateFactor(0.25), 1e-12);
        Assert.Equal(0, progress.LearningRateFactor(0.5), 1e-12);
        Assert.Equal(0.5, progress.LearningRateFactor(0.75), 1e-12);
        Assert.InRange(progress.LearningRateFactor(0.99), 0.998, 1);
    }

    [Fact]
    public void Double_speed_is_the_cosine_at_twice_the_pace_and_mirrored_after_half() => Gen.Double[0, 1].Sample(p =>
    {
        var (once, twice) = (Progress(0, "cosine"), Progress(0, "doubleSpeedCosine"));
        Assert.Equal(once.LearningRateFactor(p), twice.LearningRateFactor(p / 2), 1e-12);
        Assert.Equal(twice.LearningRateFactor(p), twice.LearningRateFactor(1 - p), 1e-12);
    });

    [Fact]
    public void Schedules_warm_up_alike() => Gen.Select(Gen.Double[0.01, 0.5], Gen.Double[0, 1]).Sample((warmUp, part) =>
        Assert.Equal(Progress(warmUp, "cosine").LearningRateFactor(warmUp * part * 0.999), Progress(warmUp, "doubleSpeedCosine").LearningRateFactor(warmUp * part * 0.999)));

    [Fact]
    public void Learning_rate_factor_stays_in_its_range()
    {
        Gen.Select(Gen.Double[0, 0.5], Gen.Int[0, 99], Gen.Bool).Sample((warmUp, step, once) =>
            Assert.InRange(Progress(warmUp, once ? "cosine" : "doubleSpeedCosine").LearningRateFactor(step / 100.0), 0, 1));
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

    private static RunProgress Progress(double warmUp, string schedule) => new(Plan with { Training = new TrainingPlan { WarmUp = warmUp, Schedule = schedule } });
}
