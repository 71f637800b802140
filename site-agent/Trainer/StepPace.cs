using System.Globalization;

namespace BrainMVP.Federated.SiteAgent.Trainer;

/// <summary>Seconds a step since a beginning, and the time that the rest will take.</summary>
internal sealed class StepPace(TimeProvider time)
{
    private const double LongestSeconds = 1e9;

    private (long Done, long Began)? _first;

    /// <summary>Begins anew with the next step.</summary>
    public void Restart() => _first = null;

    /// <summary>For example <c>  0.61 s/step  0.00:01:20 left</c>; empty after the first step.</summary>
    /// <param name="done">Steps that are done.</param>
    /// <param name="left">Steps that are left.</param>
    public string Text(long done, long left)
    {
        var now = time.GetTimestamp();
        var (first, began) = _first ??= (done, now);
        if (done <= first)
        {
            return "";
        }

        var each = time.GetElapsedTime(began, now).TotalSeconds / (done - first);
        return string.Create(CultureInfo.InvariantCulture, $"  {each:F2} s/step  {TimeSpan.FromSeconds(Math.Min(each * left, LongestSeconds)):d\\.hh\\:mm\\:ss} left");
    }
}
