using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.SiteAgent.Transport;
using BrainMVP.Federated.Trust.Transport;
using Microsoft.Extensions.Time.Testing;

namespace BrainMVP.Federated.SiteAgent.Tests.Transport;

public sealed class BandwidthTests
{
    private const int Message = 64 * 1024;

    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Traffic_of_all_streams_together_keeps_to_the_rate()
    {
        // A message of 64 KiB takes 65.5 ms at 8 Mbit/s; a quarter of a second may be ahead.
        var pace = new Pace(_time);
        var messages = Enumerable.Range(0, 100).Select(_ => pace.TakeAsync(Message, Pace.BytesPerSecond(8), Cancellation)).ToArray();
        await Passed(4);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Passed(20);
        _time.Advance(TimeSpan.FromSeconds(4));
        await Passed(81);

        async Task Passed(int count)
        {
            await Task.WhenAll(messages[..count]).WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
            Assert.False(messages[count].IsCompleted);
        }
    }

    [Fact]
    public async Task A_pause_earns_no_more_than_a_quarter_of_a_second()
    {
        var pace = new Pace(_time);
        await pace.TakeAsync(Message, Pace.BytesPerSecond(8), Cancellation);
        _time.Advance(TimeSpan.FromHours(1));
        var messages = Enumerable.Range(0, 10).Select(_ => pace.TakeAsync(Message, Pace.BytesPerSecond(8), Cancellation)).ToArray();
        await Task.WhenAll(messages[..4]);
        Assert.False(messages[4].IsCompleted);
    }

    [Fact]
    public void Without_a_limit_nothing_waits()
    {
        var bandwidth = new Bandwidth(() => new PolicyDocument(), _time);
        for (var i = 0; i < 1000; i++)
        {
            Assert.True(bandwidth.UpAsync(Message, Cancellation).IsCompleted);
            Assert.True(bandwidth.DownAsync(Message, Cancellation).IsCompleted);
        }
    }

    [Fact]
    public async Task A_changed_policy_counts_for_transfers_under_way_and_each_direction_has_its_own_limit()
    {
        var policy = new PolicyDocument();
        var bandwidth = new Bandwidth(() => policy, _time);
        Assert.True(bandwidth.UpAsync(Message, Cancellation).IsCompleted);
        policy = policy with { UploadMegabits = 1 };
        _time.Advance(TimeSpan.FromSeconds(3));
        var first = bandwidth.UpAsync(1_000_000, Cancellation);
        var second = bandwidth.UpAsync(Message, Cancellation);
        Assert.True(first.IsCompleted);
        Assert.False(second.IsCompleted);
        Assert.True(bandwidth.DownAsync(Message, Cancellation).IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(8));
        await second.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }
}
