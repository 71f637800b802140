using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Enrollment;
using BrainMVP.Federated.SiteAgent.Rounds;
using BrainMVP.Federated.SiteAgent.Transport;
using BrainMVP.Federated.Trust.Transport;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BrainMVP.Federated.SiteAgent.Hosting;

/// <summary>The daemon: asks what is due, does one thing at a time, and keeps telling how far it is.</summary>
public sealed partial class AgentService(SiteContext site, Worker worker, CertificateRenewal renewal, ILogger<AgentService> logger) : BackgroundService
{
    private const int LongPollSeconds = 20;
    private static readonly TimeSpan PollWhileWorking = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestPollRetry = TimeSpan.FromSeconds(5);

    private readonly AssignmentTracker _tracker = new();
    private Task? _work;
    private CancellationTokenSource? _workStop;
    private DateTimeOffset _renewNotBefore;
    private int _version = Protocol.Version;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        LogStarted(logger, site.Site, site.Settings.Consortium, site.Settings.Aggregator);
        var failures = 0;
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                try
                {
                    await TurnAsync(stoppingToken);
                    failures = 0;
                }
                catch (FederationException e)
                {
                    failures++;
                    if (failures is 1 or 10 || failures % 100 == 0)
                    {
                        LogPollFailed(logger, e.Code.Id, e.Message, failures);
                    }

                    await PauseAsync(Backoff.After(failures, LongestPollRetry), stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
        finally
        {
            await StopWorkAsync();
            LogStopped(logger, site.Site);
        }
    }

    private async Task TurnAsync(CancellationToken stopping)
    {
        var response = await PollAsync(stopping);
        if (!_tracker.Update(response.Assignments) && _workStop is { } obsolete && !(_tracker.NextRoundWaits && worker.OutlivesItsRound(_tracker.Current!)))
        {
            await obsolete.CancelAsync();
        }

        await RenewWhenDueAsync(response.RenewCertificate, stopping);
        if (_work is null && _tracker.Take(site.Time.GetUtcNow()) is { } next)
        {
            _workStop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            _work = WorkAsync(next, _workStop.Token);
        }

        if (_work is not null)
        {
            await PauseAsync(PollWhileWorking, stopping);
        }
    }

    private async Task<PollResponse> PollAsync(CancellationToken stopping)
    {
        var wait = _work is not null ? 0 : LongPollSeconds;
        if (_work is null && _tracker.NextDue() is { } due)
        {
            wait = (int)Math.Clamp(Math.Ceiling((due - site.Time.GetUtcNow()).TotalSeconds), 0, LongPollSeconds);
        }

        var request = new PollRequest { ProtocolVersion = _version, AgentVersion = SiteEnrollment.AgentVersion, WaitSeconds = wait };
        request.Known.AddRange(_tracker.Known);
        if (site.Progress.Current is { } progress)
        {
            request.Progress.Add(progress);
            NoteActivity(progress);
        }

        try
        {
            return await site.Link.Calls.OnceAsync(site.Link.Control, o => site.Link.Site.PollAsync(request, o), stopping, TimeSpan.FromSeconds(wait + 20));
        }
        catch (FederationException e) when (e.Code == ErrorCatalogue.ProtocolMismatch && _version > Protocol.OldestVersion)
        {
            // The aggregator is older than this agent. One that is updated later understands the older version too.
            LogOlder(logger, --_version);
            throw;
        }
    }

    private void NoteActivity(ProgressEntry progress)
    {
        try
        {
            DurableFile.WriteAllBytes(site.Folder.Activity, CanonicalJson.Serialize(new Activity(Rounds.Documents.Now(site.Time), progress.Run, progress.Round, progress.Phase, progress.Done, progress.Total, progress.Loss)));
        }
        catch (FederationException e) when (e.Code == ErrorCatalogue.DiskFull)
        {
            // A note for `status` is not worth falling silent: the work in hand says that the disk is full.
        }
    }

    private async Task RenewWhenDueAsync(bool asked, CancellationToken stopping)
    {
        if (!(asked || site.Identity.IsDueForRenewal) || site.Time.GetUtcNow() < _renewNotBefore)
        {
            return;
        }

        try
        {
            await renewal.RenewAsync(stopping);
            LogRenewed(logger, site.Identity.Current.NotAfter);
        }
        catch (FederationException e)
        {
            LogPollFailed(logger, e.Code.Id, $"The certificate could not be renewed: {e.Message}", 1);
        }

        _renewNotBefore = site.Time.GetUtcNow() + LongestRetry;
    }

    private async Task WorkAsync(Assignment assignment, CancellationToken cancellation)
    {
        // Off the polling loop: work may compute before it first waits.
        await Task.Yield();
        LogBegun(logger, assignment.Id);
        try
        {
            var result = await worker.DoAsync(assignment, cancellation);
            if (result.RetryIn is { } retry)
            {
                _tracker.Postpone(site.Time.GetUtcNow() + retry, failed: false);
            }
            else
            {
                LogDone(logger, assignment.Id, result.Summary);
                _tracker.Finish();
            }
        }
        catch (Exception e) when (cancellation.IsCancellationRequested && e is OperationCanceledException or RpcException or FederationException)
        {
            LogOvertaken(logger, assignment.Id);
            _tracker.Drop();
        }
        catch (FederationException e)
        {
            await RespondAsync(assignment, e, cancellation);
        }
        catch (Exception e)
        {
            var full = DurableFile.IsDiskFull(e);
            if (!full)
            {
                LogUnexpected(logger, e, assignment.Id);
            }

            await RespondAsync(assignment, (full ? ErrorCatalogue.DiskFull : ErrorCatalogue.Unexpected).With(e.Message, e), cancellation);
        }
        finally
        {
            site.Progress.Idle();
        }
    }

    private async Task RespondAsync(Assignment assignment, FederationException error, CancellationToken cancellation)
    {
        var response = Worker.ResponseTo(error, assignment, _tracker.Failures);
        LogFailed(logger, assignment.Id, error.Code.Id, error.Message, response);
        if (response == FailureResponse.Decline || error.Code == ErrorCatalogue.UpdateRejected)
        {
            try
            {
                worker.GiveUp(assignment);
            }
            catch (IOException e) when (DurableFile.IsDiskFull(e))
            {
                // Then it may be carried, and refused again.
            }
        }

        if (response == FailureResponse.Decline)
        {
            try
            {
                await worker.DeclineAsync(assignment, error, cancellation);
            }
            catch (FederationException e) when (Worker.ResponseTo(e, assignment) == FailureResponse.Retry)
            {
                response = FailureResponse.Retry;
            }
            catch (FederationException)
            {
                // The step is over at the other side too.
            }
            catch (OperationCanceledException)
            {
                _tracker.Drop();
                return;
            }
        }

        if (response == FailureResponse.Retry)
        {
            _tracker.Postpone(site.Time.GetUtcNow() + Backoff.After(_tracker.Failures + 1, LongestRetry), failed: true);
        }
        else
        {
            _tracker.Finish();
        }
    }

    /// <summary>Waits, but not longer than the work in hand takes.</summary>
    private async Task PauseAsync(TimeSpan time, CancellationToken stopping)
    {
        if (_work is null)
        {
            await Task.Delay(time, site.Time, stopping);
            return;
        }

        await Task.WhenAny(_work, Task.Delay(time, site.Time, stopping));
        stopping.ThrowIfCancellationRequested();
        if (_work.IsCompleted)
        {
            await _work;
            _workStop?.Dispose();
            (_work, _workStop) = (null, null);
        }
    }

    private async Task StopWorkAsync()
    {
        if (_work is not null && _workStop is not null)
        {
            await _workStop.CancelAsync();
            await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _workStop.Dispose();
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Site {Site} of {Consortium} works for {Aggregator}.")]
    private static partial void LogStarted(ILogger logger, string site, string consortium, string aggregator);

    [LoggerMessage(2, LogLevel.Information, "Site {Site} stopped.")]
    private static partial void LogStopped(ILogger logger, string site);

    [LoggerMessage(3, LogLevel.Warning, "{Code}: {Reason} (failure {Count} in a row; trying again)")]
    private static partial void LogPollFailed(ILogger logger, string code, string reason, int count);

    [LoggerMessage(4, LogLevel.Information, "The certificate was renewed until {Until}.")]
    private static partial void LogRenewed(ILogger logger, DateTime until);

    [LoggerMessage(5, LogLevel.Debug, "{Assignment} begins.")]
    private static partial void LogBegun(ILogger logger, string assignment);

    [LoggerMessage(6, LogLevel.Information, "{Assignment} is done. {Summary}")]
    private static partial void LogDone(ILogger logger, string assignment, string summary);

    [LoggerMessage(7, LogLevel.Information, "{Assignment} was left: it is no longer due, or the agent stops.")]
    private static partial void LogOvertaken(ILogger logger, string assignment);

    [LoggerMessage(8, LogLevel.Warning, "{Assignment}: {Code} {Reason} ({Response})")]
    private static partial void LogFailed(ILogger logger, string assignment, string code, string reason, FailureResponse response);

    [LoggerMessage(10, LogLevel.Warning, "The aggregator is older than this agent; the agent speaks protocol version {Version} with it.")]
    private static partial void LogOlder(ILogger logger, int version);

    [LoggerMessage(9, LogLevel.Error, "{Assignment} failed unexpectedly.")]
    private static partial void LogUnexpected(ILogger logger, Exception exception, string assignment);
}

/// <summary>What the daemon did at its last sign of life.</summary>
public sealed record Activity(string At, string Run, int Round, string Phase, long Done, long Total, double Loss);
