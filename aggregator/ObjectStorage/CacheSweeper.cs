using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Aggregator.ObjectStorage;

/// <summary>
/// Removes what this folder still holds of rounds that another silo ended: that one removed it from the bucket and from its
/// own folder.
/// </summary>
public sealed partial class CacheSweeper(AggregatorFolder folder, IObjectStore objects, TimeProvider time, ILogger<CacheSweeper> logger) : BackgroundService
{
    /// <summary>What was written so recently may belong to a round of which nothing is in the bucket yet.</summary>
    public static readonly TimeSpan Recent = TimeSpan.FromHours(1);

    private static readonly TimeSpan Again = TimeSpan.FromMinutes(10);

    /// <summary>Looks once.</summary>
    /// <returns>Folders removed.</returns>
    public int Sweep()
    {
        var removed = 0;
        foreach (var kind in (string[])[folder.Uploads, folder.Sums])
        {
            foreach (var round in Directory.Exists(kind) ? Directory.EnumerateDirectories(kind).SelectMany(Directory.EnumerateDirectories).ToArray() : [])
            {
                var newest = Directory.EnumerateFiles(round, "*", SearchOption.AllDirectories).Select(File.GetLastWriteTimeUtc).Append(Directory.GetLastWriteTimeUtc(round)).Max();
                var run = Path.GetFileName(Path.GetDirectoryName(round)!);
                if (time.GetUtcNow() - newest > Recent && !ChunkObjects.Any(objects, run, Path.GetFileName(round)))
                {
                    Directory.Delete(round, recursive: true);
                    removed++;
                }
            }
        }

        return removed;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Again, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                if (!stoppingToken.IsCancellationRequested && await Task.Run(Sweep, stoppingToken) is > 0 and var removed)
                {
                    LogSwept(logger, removed);
                }
            }
            catch (Exception e) when (e is FederationException or IOException or UnauthorizedAccessException)
            {
                LogFailed(logger, e.Message);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Count} folders of rounds that other silos ended were removed.")]
    private static partial void LogSwept(ILogger logger, int count);

    [LoggerMessage(2, LogLevel.Warning, "Folders of ended rounds could not be removed now: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
