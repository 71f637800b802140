using System.Globalization;

namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>Tells how far a study is.</summary>
internal sealed class StudyConsole(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly long _began = time.GetTimestamp();
    private int _expected;
    private int _known;
    private int _finished;

    public void Expect() => Interlocked.Increment(ref _expected);

    /// <summary>A stage was done by an earlier command.</summary>
    public void Known() => Interlocked.Increment(ref _known);

    public void Finished(string name, TimeSpan took)
    {
        lock (_gate)
        {
            _finished++;
            var elapsed = time.GetElapsedTime(_began);
            var left = TimeSpan.FromSeconds(elapsed.TotalSeconds / _finished * (_expected - _known - _finished));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_known + _finished,4} of {_expected}  {elapsed:h\\:mm\\:ss}, about {left:h\\:mm\\:ss} left  {name} {took.TotalSeconds:F0} s"));
        }
    }
}
