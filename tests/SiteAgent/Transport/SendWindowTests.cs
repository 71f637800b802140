using BrainMVP.Federated.SiteAgent.Transport;
using Microsoft.Extensions.Time.Testing;

namespace BrainMVP.Federated.SiteAgent.Tests.Transport;

public sealed class SendWindowTests
{
    private const int Part = 64 * 1024;

    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sender_waits_when_the_window_is_full_and_goes_on_when_bytes_were_received()
    {
        var window = new SendWindow(_time);
        for (var i = 0; i < SendWindow.Least / Part; i++)
        {
            await window.TakeAsync(Part, Cancellation);
        }

        var next = window.TakeAsync(Part, Cancellation);
        Assert.False(next.IsCompleted);
        window.Received(Part);
        await next.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
    }

    [Theory]
    [InlineData(1, SendWindow.Least)]
    [InlineData(50, 4 << 20)]
    [InlineData(100, 8 << 20)]
    [InlineData(5000, SendWindow.Most)]
    public async Task The_window_holds_what_the_path_holds(int milliseconds, int size)
    {
        var window = new SendWindow(_time);
        Assert.Equal(SendWindow.Least, window.Size);
        await window.TakeAsync(Part, Cancellation);
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        window.Received(Part);
        Assert.Equal(size, window.Size);
    }

    [Fact]
    public async Task A_busy_receiver_does_not_make_the_path_longer()
    {
        var window = new SendWindow(_time);
        foreach (var milliseconds in (int[])[2, 80, 400])
        {
            await window.TakeAsync(Part, Cancellation);
            _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
            window.Received(long.MaxValue);
        }

        Assert.Equal(SendWindow.Least, window.Size);
    }
}
