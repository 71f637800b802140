using System.Diagnostics;

namespace BrainMVP.Federated.EndToEnd.Tests.Support;

/// <summary>Waits that always end: a test that waits for something that never comes fails and says for what.</summary>
internal static class Wait
{
    /// <summary>Far beyond anything a healthy machine needs, so that only a hang reaches it.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    public static async Task Until(Func<Task<bool>> condition, Func<string> what, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Long, $"Waited {Long.TotalSeconds} s in vain. {what()}");
            await Task.Delay(LookAgain, cancellation);
        }
    }

    public static Task Until(Func<bool> condition, Func<string> what, CancellationToken cancellation) =>
        Until(() => Task.FromResult(condition()), what, cancellation);
}
