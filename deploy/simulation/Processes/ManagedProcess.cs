using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace BrainMVP.Federated.Simulation.Processes;

/// <summary>
/// A process that the simulation started. Its output goes to a log file. Its standard input is a pipe that the
/// simulation holds: when the simulation dies, however, the pipe ends and the process stops by itself.
/// </summary>
public sealed partial class ManagedProcess : IAsyncDisposable
{
    private const int Terminate = 15;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Lock _lock = new();

    private ManagedProcess(string name, Process process, StreamWriter log, string restartCommand)
    {
        Name = name;
        _process = process;
        _log = log;
        RestartCommand = restartCommand;
    }

    public string Name { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>Command line that starts the same process again by hand.</summary>
    public string RestartCommand { get; }

    /// <summary>Starts a process.</summary>
    /// <param name="name">Shown to people.</param>
    /// <param name="file">Executable.</param>
    /// <param name="arguments">Arguments without the option that ties the process to the pipe.</param>
    /// <param name="logPath">Receives standard output and error.</param>
    public static ManagedProcess Start(string name, string file, IReadOnlyList<string> arguments, string logPath)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(logPath)!);
        var start = new ProcessStartInfo(file) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments.Append("--stop-with-stdin"))
        {
            start.ArgumentList.Add(argument);
        }

        var log = new StreamWriter(logPath, append: true) { AutoFlush = true };
        var managed = new ManagedProcess(name, new Process { StartInfo = start }, log, string.Join(' ', arguments.Prepend(file).Select(Quote)));
        managed._process.OutputDataReceived += (_, line) => managed.Write(line.Data);
        managed._process.ErrorDataReceived += (_, line) => managed.Write(line.Data);
        managed._process.Start();
        managed._process.BeginOutputReadLine();
        managed._process.BeginErrorReadLine();
        return managed;
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

    private static string Quote(string argument) => argument.Contains(' ', StringComparison.Ordinal) ? $"'{argument}'" : argument;

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
