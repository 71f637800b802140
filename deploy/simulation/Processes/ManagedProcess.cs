using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Simulation.Processes;

/// <summary>
/// A process that the simulation started. Its output goes to a log file. Its standard input is a pipe that the
/// simulation holds: when the simulation dies, however, the pipe ends and the process stops by itself.
/// </summary>
public sealed partial class ManagedProcess : IAsyncDisposable
{
    private const int Terminate = 15;
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Lock _lock = new();

    private ManagedProcess(Launch launch, Process process, StreamWriter log)
    {
        Launch = launch;
        _process = process;
        _log = log;
    }

    /// <summary>How it was started.</summary>
    public Launch Launch { get; }

    public string Name => Launch.Name;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>Command line that starts the same process again by hand.</summary>
    public string RestartCommand => Launch.Command;

    /// <summary>Starts a process.</summary>
    public static ManagedProcess Start(Launch launch)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(launch.LogPath)!);
        var start = new ProcessStartInfo(launch.File) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in launch.Arguments.Append("--stop-with-stdin"))
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in launch.Environment)
        {
            start.Environment[name] = value;
        }

        var log = new StreamWriter(launch.LogPath, append: true) { AutoFlush = true };
        var managed = new ManagedProcess(launch, new Process { StartInfo = start }, log);
        managed._process.OutputDataReceived += (_, line) => managed.Write(line.Data);
        managed._process.ErrorDataReceived += (_, line) => managed.Write(line.Data);
        managed._process.Start();
        managed._process.BeginOutputReadLine();
        managed._process.BeginErrorReadLine();
        return managed;
    }

    /// <summary>Kills the process as the system's out-of-memory killer would, and waits until it is gone.</summary>
    public async Task KillAsync(CancellationToken cancellation)
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync(cancellation);
    }

    /// <summary>Asks the process to stop and waits until it has.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        if (!_process.HasExited)
        {
            _ = Kill(_process.Id, Terminate);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(LongestStop);
        await _process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
        if (!_process.HasExited)
        {
            throw ErrorCatalogue.SimulationFailed.With($"{Name} did not stop within {LongestStop.TotalSeconds:F0} s; its log is {Launch.LogPath}.");
        }
    }

    /// <summary>Asks the process to stop and kills it with its children when it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _ = Kill(_process.Id, Terminate);
            using var limit = new CancellationTokenSource(Grace);
            await _process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_process.HasExited)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
        lock (_lock)
        {
            try
            {
                _log.Dispose();
            }
            catch (IOException)
            {
                // The last lines do not fit on a full disk; ending the other processes matters more.
            }
        }
    }

    /// <summary>Ends a process that somebody started by hand in one of the simulation's folders.</summary>
    /// <param name="pidFile">File in which the process wrote its id.</param>
    /// <param name="folder">Folder that must appear in the process's command line.</param>
    public static async Task EndStranger(string pidFile, string folder)
    {
        if (!File.Exists(pidFile) || !int.TryParse(await File.ReadAllTextAsync(pidFile), CultureInfo.InvariantCulture, out var id))
        {
            return;
        }

        var commandLine = $"/proc/{id}/cmdline";
        if (!File.Exists(commandLine) || !(await File.ReadAllTextAsync(commandLine)).Contains(folder, StringComparison.Ordinal))
        {
            return;
        }

        try
        {
            using var process = Process.GetProcessById(id);
            _ = Kill(id, Terminate);
            using var limit = new CancellationTokenSource(Grace);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (ArgumentException)
        {
            // It has just ended.
        }
    }

    private void Write(string? line)
    {
        if (line is not null)
        {
            lock (_lock)
            {
                try
                {
                    _log.WriteLine(line);
                }
                catch (Exception e) when (e is ObjectDisposedException or IOException)
                {
                    // A last line after the end, or a full disk: the log is not worth a failure.
                }
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
