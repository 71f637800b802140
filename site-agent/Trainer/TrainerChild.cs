using System.Diagnostics;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;

namespace BrainMVP.Federated.SiteAgent.Trainer;

/// <summary>A running trainer process, one job at a time. It ends when its standard input is closed.</summary>
internal sealed class TrainerChild : IDisposable
{
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly Lock _gate = new();
    private readonly Task _over;
    private FileStream? _log;
    private Action<TrainerLine> _progress;
    private TaskCompletionSource<int> _ended = NewEnd();
    private bool _exited;

    private TrainerChild(Process process, FileStream log, Action<TrainerLine> progress)
    {
        (_process, _log, _progress) = (process, log, progress);
        _over = WatchAsync();
    }

    /// <summary>Starts a process whose command line names its first job.</summary>
    /// <param name="command">With redirected streams.</param>
    /// <param name="logPath">Takes the job's standard error.</param>
    /// <param name="progress">Called for each line of progress of the job.</param>
    /// <exception cref="FederationException">BMF-1501 when it cannot be started.</exception>
    public static TrainerChild Start(ProcessStartInfo command, string logPath, Action<TrainerLine> progress)
    {
        // First, because it can fail, and a process would be left behind.
        var log = Open(logPath);
        try
        {
            return new TrainerChild(Process.Start(command) ?? throw ErrorCatalogue.TrainerCrashed.With("The trainer process could not be started."), log, progress);
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Exit code of the job: at 0 the process waits for the next one, otherwise it has ended. Fails as the report of progress failed.</summary>
    public Task<int> Ended => _ended.Task;

    public bool HasExited => _process.HasExited;

    /// <summary>Gives a process that finished a job the next one.</summary>
    public void Next(string jobFile, string logPath, Action<TrainerLine> progress)
    {
        lock (_gate)
        {
            _log?.Dispose();
            (_log, _progress, _ended) = (Open(logPath), progress, NewEnd());
            if (_exited)
            {
                _ended.TrySetResult(_process.ExitCode);
                return;
            }
        }

        try
        {
            _process.StandardInput.WriteLine(jobFile);
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It died meanwhile, and its end is on the way.
        }
    }

    /// <summary>Ends the process and waits for it, but not for ever: a device can hold a process that is already killed.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _over.WaitAsync(LongestEnd).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Cuts the leash; the process ends by itself.</summary>
    public void Dispose()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It is gone already.
        }

        _ = _over.ContinueWith(_ => _process.Dispose(), TaskScheduler.Default);
    }

    private static TaskCompletionSource<int> NewEnd() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Without a buffer: closing it writes nothing, and cannot fail on a full disk.</summary>
    private static FileStream Open(string path) => new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    private async Task WatchAsync()
    {
        var streams = Task.WhenAll(CopyLogAsync(), ReadLinesAsync());
        await _process.WaitForExitAsync();
        await streams.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            _log?.Dispose();
            (_log, _exited) = (null, true);
            if (streams.Exception?.InnerException is { } error)
            {
                _ended.TrySetException(error);
            }

            _ended.TrySetResult(_process.ExitCode);
        }
    }

    private async Task ReadLinesAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            TrainerLine? parsed = null;
            try
            {
                parsed = CanonicalJson.Read<TrainerLine>(Encoding.UTF8.GetBytes(line));
            }
            catch (FederationException)
            {
                // Native libraries print to standard output too.
            }

            if (parsed is { Phase: TrainerMain.Ended })
            {
                _ended.TrySetResult((int)parsed.Done);
            }
            else if (parsed is not null)
            {
                try
                {
                    _progress(parsed);
                }
                catch (Exception e)
                {
                    _ended.TrySetException(e);
                }
            }
        }
    }

    private async Task CopyLogAsync()
    {
        var buffer = new byte[4096];
        while (await _process.StandardError.BaseStream.ReadAsync(buffer) is > 0 and var count)
        {
            lock (_gate)
            {
                try
                {
                    _log?.Write(buffer, 0, count);
                }
                catch (IOException)
                {
                    // The disk is full, and the job itself will say so. What it says is read on, or it would stand still.
                    _log?.Dispose();
                    _log = null;
                }
            }
        }
    }
}
