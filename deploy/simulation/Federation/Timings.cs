namespace BrainMVP.Federated.Simulation.Federation;

/// <summary>Seconds of each phase.</summary>
public sealed class Timings(TimeProvider time)
{
    private readonly Dictionary<string, double> _seconds = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, double> Seconds => _seconds;

    public async Task Measure(string phase, Func<Task> work) => await Measure(phase, async () =>
    {
        await work();
        return true;
    });

    public async Task<T> Measure<T>(string phase, Func<Task<T>> work)
    {
        var start = time.GetTimestamp();
        try
        {
            return await work();
        }
        finally
        {
            _seconds[phase] = Math.Round(time.GetElapsedTime(start).TotalSeconds, 2);
        }
    }
}
