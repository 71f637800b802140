namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>How a piece of work ended when nothing went wrong.</summary>
/// <param name="RetryIn">Look again after this time; null when it is finished.</param>
public readonly record struct WorkResult(TimeSpan? RetryIn)
{
    public static WorkResult Finished => new(null);

    public static WorkResult Wait(TimeSpan time) => new(time);
}
