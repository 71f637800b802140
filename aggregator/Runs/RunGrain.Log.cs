namespace BrainMVP.Federated.Aggregator.Runs;

/// <summary>What a run tells its log.</summary>
public sealed partial class RunGrain
{
    [LoggerMessage(1, LogLevel.Information, "{Run} starts with {Sites} sites.")]
    private static partial void LogStarted(ILogger logger, string run, int sites);

    [LoggerMessage(2, LogLevel.Information, "Round {Round} of {Run} is open for {Sites} sites.")]
    private static partial void LogOpened(ILogger logger, int round, string run, int sites);

    [LoggerMessage(3, LogLevel.Information, "{Run} is complete: model {Model}.")]
    private static partial void LogCompleted(ILogger logger, string run, string model);

    [LoggerMessage(4, LogLevel.Warning, "{Site} refused the plan of {Run}: {Reason}")]
    private static partial void LogRefused(ILogger logger, string site, string run, string reason);

    [LoggerMessage(6, LogLevel.Warning, "{Run} is rolled back to round {Round}: {Reason}")]
    private static partial void LogRolledBack(ILogger logger, string run, int round, string reason);

    [LoggerMessage(5, LogLevel.Error, "{Run}: a step failed.")]
    private static partial void LogStepFailed(ILogger logger, Exception exception, string run);
}
