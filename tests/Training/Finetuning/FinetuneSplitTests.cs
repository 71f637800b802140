using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Training.Finetuning;
using BrainMVP.Federated.Training.Tests.Interchange;

namespace BrainMVP.Federated.Training.Tests.Finetuning;

public sealed class FinetuneSplitTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    public void Every_case_is_tested_in_exactly_one_fold_and_never_trained_there(int folds)
    {
        using var tiny = new TinyTask(cases: 10);
        var tested = new List<string>();
        for (var fold = 0; fold < folds; fold++)
        {
            var split = FinetuneSplit.Of(tiny.Task with { Split = new SplitPlan { Folds = folds, Fold = fold } }, tiny.Cases);
            tested.AddRange(split.Test.Select(c => c.Name));
            Assert.Equal(10, split.Test.Count + split.Training.Count + split.Validation.Count);
            Assert.Empty(split.Training.Concat(split.Validation).Select(c => c.Name).Intersect(split.Test.Select(c => c.Name)));
            Assert.NotEmpty(split.Validation);
        }

        Assert.Equal(tiny.Cases.Select(c => c.Name).Order(), tested.Order());
    }

    [Fact]
    public void Folds_and_parts_of_the_labels_have_every_class()
    {
        using var tiny = new TinyTask(cases: 12);
        for (var fold = 0; fold < 3; fold++)
        {
            var split = FinetuneSplit.Of(tiny.Task with { Split = new SplitPlan { Folds = 3, Fold = fold, LabelFraction = 0.4 } }, tiny.Cases);
            Assert.Equal(2, split.Test.Select(c => c.Class).Distinct().Count());
            Assert.Equal(2, split.Training.Select(c => c.Class).Distinct().Count());
        }
    }

    [Fact]
    public void Smaller_parts_of_the_labels_are_among_larger_ones_and_leave_validation_and_test_alone()
    {
        using var tiny = new TinyTask(cases: 12);
        FinetuneSplit Of(double fraction) => FinetuneSplit.Of(tiny.Task with { Split = new SplitPlan { TestCases = ["case-03"], LabelFraction = fraction } }, tiny.Cases);
        string[] Names(IEnumerable<LabelledCase> cases) => [.. cases.Select(c => c.Name)];
        var (few, more, all) = (Of(0.2), Of(0.6), Of(1));
        Assert.Subset(Names(more.Training).ToHashSet(), Names(few.Training).ToHashSet());
        Assert.Subset(Names(all.Training).ToHashSet(), Names(more.Training).ToHashSet());
        Assert.True(few.Training.Count < more.Training.Count && more.Training.Count < all.Training.Count);
        Assert.Equal(Names(few.Validation), Names(all.Validation));
        Assert.Equal(["case-03"], Names(all.Test));
    }

    [Fact]
    public void Sessions_of_a_subject_stay_together()
    {
        using var tiny = new TinyTask(cases: 8);
        var cases = tiny.Cases.Select((c, n) => c with { Class = 0, Volumes = c.Volumes with { Subject = $"person-{n / 2}", Session = $"{n % 2}" } }).ToArray();
        for (var fold = 0; fold < 4; fold++)
        {
            var split = FinetuneSplit.Of(tiny.Task with { Split = new SplitPlan { Folds = 4, Fold = fold } }, cases);
            Assert.Single(split.Test.Select(c => c.Volumes.Subject).Distinct());
            Assert.Equal(2, split.Test.Count);
        }
    }

    [Fact]
    public void A_name_that_no_case_has_is_refused()
    {
        using var tiny = new TinyTask();
        var error = Fails.With(ErrorCatalogue.TaskInvalid, () => FinetuneSplit.Of(tiny.Task with { Split = new SplitPlan { TestCases = ["case-99"] } }, tiny.Cases));
        Assert.Contains("case-99", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_left_to_train_on_is_an_error()
    {
        using var tiny = new TinyTask(cases: 2);
        Fails.With(ErrorCatalogue.NoLabelledCase, () => FinetuneSplit.Of(tiny.Task with { Split = new SplitPlan { TestCases = ["case-00", "case-01"] } }, tiny.Cases));
    }
}
