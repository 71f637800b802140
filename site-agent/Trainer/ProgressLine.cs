namespace BrainMVP.Federated.SiteAgent.Trainer;

/// <summary>How far long work is: one line that moves in a terminal, now and then a line in a log.</summary>
internal sealed class ProgressLine(TimeProvider time)
{
    private static readonly TimeSpan BetweenLogLines = TimeSpan.FromSeconds(10);

    private readonly bool _terminal = !Console.IsOutputRedirected;
    private long? _lastLine;
    private int _width;

    /// <summary>Shows where the work is now.</summary>
    /// <param name="text">Without a line break.</param>
    /// <param name="isMilestone">A log gets the line at once.</param>
    public void Show(string text, bool isMilestone)
    {
        var now = time.GetTimestamp();
        if (_terminal)
        {
            Console.Write('\r' + text.PadRight(_width));
            _width = text.Length;
        }
        else if (isMilestone || _lastLine is not { } last || time.GetElapsedTime(last, now) > BetweenLogLines)
        {
            Console.WriteLine(text);
            _lastLine = now;
        }
    }

    /// <summary>Ends the moving line, and what is written next begins at the left.</summary>
    public void EndLine()
    {
        if (_terminal && _width > 0)
        {
            Console.WriteLine();
            _width = 0;
        }
    }
}
