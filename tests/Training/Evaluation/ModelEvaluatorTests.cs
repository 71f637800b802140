using BrainMVP.Federated.Training.Evaluation;

namespace BrainMVP.Federated.Training.Tests.Evaluation;

public sealed class ModelEvaluatorTests
{
    [Fact]
    public void Evaluating_a_model_gives_the_numbers_that_the_round_starting_from_it_reports()
    {
        using var run = new TinyRun();
        var outcome = run.Train(run.Job("job"));
        var sums = ModelEvaluator.Run(run.Evaluation(), run.Cases, _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(outcome.Validation, sums);
    }

    [Fact]
    public void Trained_templates_are_read_from_their_files()
    {
        using var run = new TinyRun();
        var outcome = run.Train(run.Job("job"));
        var paths = new Dictionary<string, string> { ["t1"] = outcome.LocalModelPath };
        var sums = ModelEvaluator.Run(run.Evaluation() with { TemplatePaths = paths }, run.Cases, _ => { }, TestContext.Current.CancellationToken);
        Assert.NotEqual(outcome.Validation["t1"], sums["t1"]);
        Assert.Equal(outcome.Validation["t2"].Voxels, sums["t2"].Voxels);
    }

    [Fact]
    public void Cancellation_stops_the_evaluation()
    {
        using var run = new TinyRun();
        Assert.Throws<OperationCanceledException>(() =>
            ModelEvaluator.Run(run.Evaluation(), run.Cases, _ => { }, new CancellationToken(canceled: true)));
    }
}
