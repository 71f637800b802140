using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>
/// Keeps the aggregator able to write its state on a disk that others fill up. A reserve file is given up when the disk
/// is nearly full, so that rounds can still note why they pause; it is taken again when there is room. Bulk data is asked
/// for here before it is written.
/// </summary>
public sealed partial class DiskRoom(AggregatorFolder folder, TimeProvider time, ILogger<DiskRoom> logger) : BackgroundService
{
    /// <summary>Room that stays free for state, documents and the audit log, and as much again in the reserve file: 8 MiB.</summary>
    public const long ReserveBytes = 8L << 20;

    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private volatile bool _isFull;

    /// <summary>True while the disk is too full for anything but the state.</summary>
    public bool IsFull => _isFull;

    /// <summary>Whether so many bytes can be written and the state still has room afterwards.</summary>
    public bool Has(long bytes) => !_isFull && Free() - bytes >= ReserveBytes;

    /// <summary>Asks for room.</summary>
    /// <param name="bytes">Bytes that are about to be written.</param>
    /// <param name="what">What they are, for the error.</param>
    /// <exception cref="FederationException">BMF-1403 when the disk does not have it.</exception>
    public void Require(long bytes, string what)
    {
        if (!Has(bytes))
        {
            throw ErrorCatalogue.DiskFull.With(Shortage(bytes, what));
        }
    }

    /// <summary>One sentence that says what is missing.</summary>
    public string Shortage(long bytes, string what) => string.Create(
        CultureInfo.InvariantCulture, $"{what} needs {Mebibytes(bytes):F1} MiB and {Mebibytes(ReserveBytes):F0} MiB that stay free for the state; {Mebibytes(Free()):F1} MiB are free at {folder.Root}.");

    /// <summary>Looks at the disk once.</summary>
    public void Look()
    {
        var free = Free();
        if (!_isFull && free < ReserveBytes)
        {
            _isFull = true;
            File.Delete(folder.Reserve);
            LogFull(logger, folder.Root);
        }
        else if (_isFull && free >= 3 * ReserveBytes)
        {
            Take();
            _isFull = false;
            LogRoom(logger, folder.Root);
        }
        else if (!_isFull && free >= 3 * ReserveBytes && !File.Exists(folder.Reserve))
        {
            Take();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                Look();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogFailed(logger, e.Message);
            }

            await Task.Delay(LookAgain, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static double Mebibytes(long bytes) => bytes / (double)(1 << 20);

    private long Free() => new DriveInfo(folder.Root).AvailableFreeSpace;

    private void Take()
    {
        // Real blocks: a file with a hole in it would keep nothing free.
        using var file = File.OpenHandle(folder.Reserve, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.None, preallocationSize: ReserveBytes);
        RandomAccess.SetLength(file, ReserveBytes);
    }

    [LoggerMessage(1, LogLevel.Error, "The disk of {Folder} is full: rounds pause until there is room (BMF-1403).")]
    private static partial void LogFull(ILogger logger, string folder);

    [LoggerMessage(2, LogLevel.Information, "The disk of {Folder} has room again.")]
    private static partial void LogRoom(ILogger logger, string folder);

    [LoggerMessage(3, LogLevel.Warning, "The disk cannot be looked at: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
