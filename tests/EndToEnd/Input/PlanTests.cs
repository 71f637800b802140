using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.EndToEnd.Tests.Support;

namespace BrainMVP.Federated.EndToEnd.Tests.Input;

/// <summary>Plans and arguments that cannot be used are refused before anything is written or started.</summary>
public sealed class PlanTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("preset: demo\ntraining:\n  learningRat: 0.1\n", 1002, "training.learningRat", "Line 3")]
    [InlineData("preset: demo\ntraining:\n  maskRatio: 1.5\n", 1003, "training.maskRatio", "Line 3")]
    [InlineData("preset: demo\nimaging:\n  crop: [32, 32, 33]\n", 1004, "imaging.crop", "")]
    [InlineData("preset: [demo\n", 1001, "Line 2", "")]
    public async Task A_bad_plan_is_refused_by_field_and_line(string text, int number, string field, string line)
    {
        await using var folder = new TemporaryFolder();
        var finished = await SimulationProcess.Run(folder.PathOf("out"), ["--plan", folder.Write("plan.yaml", text)], _cancellation);
        finished.FailedWith(ErrorCatalogue.All.Single(e => e.Number == number), field, line);
        Assert.False(Directory.Exists(folder.PathOf("out")));
    }

    [Theory]
    [InlineData("--sites", "17")]
    [InlineData("--sites", "0")]
    [InlineData("--phantom-spacing", "3")]
    [InlineData("--port", "70000")]
    public async Task An_argument_out_of_its_range_is_refused(string option, string value)
    {
        await using var folder = new TemporaryFolder();
        var finished = await SimulationProcess.Run(folder.PathOf("out"), [option, value], _cancellation);
        finished.FailedWith(ErrorCatalogue.ArgumentInvalid, option, value);
        Assert.False(Directory.Exists(folder.PathOf("out")));
    }

    [Fact]
    public async Task Rounds_out_of_their_range_are_refused()
    {
        await using var folder = new TemporaryFolder();
        (await SimulationProcess.Run(folder.PathOf("out"), ["--rounds", "0"], _cancellation)).FailedWith(ErrorCatalogue.PlanOutOfRange, "rounds.count");
        Assert.False(Directory.Exists(folder.PathOf("out")));
    }
}
