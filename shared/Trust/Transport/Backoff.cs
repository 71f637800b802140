namespace BrainMVP.Federated.Trust.Transport;

/// <summary>Waiting times between tries: doubling from the first up to a bound.</summary>
public static class Backoff
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(500);

    /// <param name="failures">Failures in a row, 1 or more.</param>
    /// <param name="bound">Longest wait.</param>
    public static TimeSpan After(int failures, TimeSpan bound)
    {
        var wait = First * Math.Pow(2, Math.Clamp(failures - 1, 0, 20));
        return wait < bound ? wait : bound;
    }
}
