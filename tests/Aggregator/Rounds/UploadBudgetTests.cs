using BrainMVP.Federated.Aggregator.Rounds;
using Microsoft.Extensions.Logging.Abstractions;

namespace BrainMVP.Federated.Aggregator.Tests.Rounds;

public sealed class UploadBudgetTests
{
    private readonly UploadBudget _budget = new(NullLogger<UploadBudget>.Instance);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Streams_beyond_the_budget_wait_in_the_order_in_which_they_came()
    {
        var first = await _budget.TakeAsync("a", UploadBudget.Bytes - 10, Cancellation);
        var large = _budget.TakeAsync("b", 100, Cancellation);
        var small = _budget.TakeAsync("c", 5, Cancellation);
        Assert.False(large.IsCompleted);
        Assert.False(small.IsCompleted);
        first.Dispose();
        first.Dispose();
        (await large).Dispose();
        (await small).Dispose();
        (await _budget.TakeAsync("d", UploadBudget.Bytes, Cancellation)).Dispose();
    }

    [Fact]
    public async Task One_that_gives_up_waiting_takes_nothing_and_lets_the_next_pass()
    {
        using var patience = new CancellationTokenSource();
        var first = await _budget.TakeAsync("a", UploadBudget.Bytes - 10, Cancellation);
        var impatient = _budget.TakeAsync("b", UploadBudget.Bytes, patience.Token);
        var next = _budget.TakeAsync("c", 10, Cancellation);
        Assert.False(next.IsCompleted);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        (await next).Dispose();
        first.Dispose();
        (await _budget.TakeAsync("d", UploadBudget.Bytes, Cancellation)).Dispose();
    }
}
