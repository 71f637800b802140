namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>How a piece of work ended when nothing went wrong.</summary>
/// <param name="RetryIn">Look again after this time; null when it is finished.</param>
/// <param name="Summary">What people should know about finished work, for the log; may be empty.</param>
public readonly record struct WorkResult(TimeSpan? RetryIn, string Summary = "")
{
    public static WorkResult Finished => new(null);

    public static WorkResult FinishedWith(string summary) => new(null, summary);

    public static WorkResult Wait(TimeSpan time) => new(time);
}
