using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>What a program must be.</summary>
/// <param name="Name">Name looked up in PATH, or a path.</param>
/// <param name="VersionArgument">Argument that makes it print its version; null when it has none, then its file's hash stands for it.</param>
/// <param name="VersionPattern">Its first group is the version, digits and dots.</param>
/// <param name="Minimum">Oldest version that is used.</param>
public sealed record ProgramRequirement(string Name, string? VersionArgument, string? VersionPattern, Version? Minimum)
{
    /// <summary>How to get it, for a message; empty when unknown.</summary>
    public string Install { get; init; } = "";
}

/// <summary>What else a run of a program needs.</summary>
/// <param name="Log">File that receives everything it prints, at most <see cref="OutputLog.MaximumBytes"/>; null for none.</param>
/// <param name="Mark">Value of the environment variable <see cref="OrphanedPrograms.Variable"/>, by which a later start finds what a killed one left behind; null for none.</param>
public sealed record ProgramRun(string? Log = null, string? Mark = null);

/// <summary>How a program ended.</summary>
/// <param name="Output">End of what it printed.</param>
/// <param name="Error">End of what it printed as errors.</param>
public sealed record ProgramResult(int ExitCode, string Output, string Error);

/// <summary>
/// A program of somebody else, started without a shell, with an argument list, a working folder and a deadline. Its
/// standard input is closed; of what it prints the last <see cref="TailCharacters"/> are kept.
/// </summary>
public sealed class ExternalProgram
{
    private const int TailCharacters = 16 * 1024;
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PipeLimit = TimeSpan.FromSeconds(5);

    private ExternalProgram(string path, string version)
    {
        Path = path;
        Version = version;
    }

    /// <summary>Full path.</summary>
    public string Path { get; }

    /// <summary>Digits and dots, or <c>sha256:</c> and the hash of its file when it cannot be asked.</summary>
    public string Version { get; }

    /// <summary>Finds a program and asks for its version.</summary>
    /// <exception cref="FederationException">BMF-1114 when it is absent, does not answer, or is too old.</exception>
    public static async Task<ExternalProgram> FindAsync(ProgramRequirement requirement, TimeProvider time, CancellationToken cancellation)
    {
        var path = Locate(requirement.Name) ?? throw ErrorCatalogue.ProgramMissing.With(
            $"{requirement.Name} {(requirement.Name.Contains(System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal) ? "does not exist" : "was not found in PATH")}.{Hint(requirement)}");
        if (requirement.VersionArgument is null || requirement.VersionPattern is null)
        {
            return new ExternalProgram(path, $"sha256:{HashOf(path)}");
        }

        ProgramResult answer;
        try
        {
            answer = await RunAsync(path, [requirement.VersionArgument], Environment.CurrentDirectory, ProbeLimit, time, cancellation);
        }
        catch (FederationException e)
        {
            throw ErrorCatalogue.ProgramMissing.With($"{path} {requirement.VersionArgument}: {e.Message}", e);
        }

        // The exit code says nothing here: some programs end with another one than 0 after printing their version.
        var match = Regex.Match(answer.Output + "\n" + answer.Error, requirement.VersionPattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        if (!match.Success || !System.Version.TryParse(match.Groups[1].Value, out var version))
        {
            throw ErrorCatalogue.ProgramMissing.With($"{path} {requirement.VersionArgument} printed no version.{Hint(requirement)}");
        }

        return requirement.Minimum is null || version >= requirement.Minimum
            ? new ExternalProgram(path, version.ToString())
            : throw ErrorCatalogue.ProgramMissing.With($"{path} is version {version}; {requirement.Minimum} or newer is needed.{Hint(requirement)}");
    }

    private static string Hint(ProgramRequirement requirement) => requirement.Install.Length == 0 ? "" : $" Install it: {requirement.Install}.";

    private static string HashOf(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.ProgramMissing.With($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Full path of a program in PATH, or of a path; null when there is none.</summary>
    public static string? Locate(string name)
    {
        if (name.Contains(System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            return File.Exists(name) ? System.IO.Path.GetFullPath(name) : null;
        }

        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => System.IO.Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>Runs to the end.</summary>
    /// <param name="arguments">Passed as they are; nothing interprets them.</param>
    /// <param name="folder">Working folder.</param>
    /// <param name="limit">Longest time; then the program and its children are killed.</param>
    /// <exception cref="FederationException">BMF-1115 when it cannot be started, BMF-1116 after the limit.</exception>
    public Task<ProgramResult> RunAsync(
        IReadOnlyList<string> arguments, string folder, TimeSpan limit, TimeProvider time, CancellationToken cancellation, ProgramRun? run = null) =>
        RunAsync(Path, arguments, folder, limit, time, cancellation, run);

    /// <inheritdoc cref="RunAsync(IReadOnlyList{string}, string, TimeSpan, TimeProvider, CancellationToken, ProgramRun?)"/>
    public static async Task<ProgramResult> RunAsync(
        string path, IReadOnlyList<string> arguments, string folder, TimeSpan limit, TimeProvider time, CancellationToken cancellation, ProgramRun? run = null)
    {
        cancellation.ThrowIfCancellationRequested();
        var info = new ProcessStartInfo(path, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (run?.Mark is { } mark)
        {
            info.Environment[OrphanedPrograms.Variable] = mark;
            OrphanedPrograms.EndWithParent(info);
        }

        using var deadline = new CancellationTokenSource(limit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        using var log = run?.Log is { } file ? new OutputLog(file) : null;
        var (process, ended) = await StartAsync(info);
        using var _ = process;
        process.StandardInput.Close();
        var (output, error) = (TailAsync(process.StandardOutput, log), TailAsync(process.StandardError, log));
        try
        {
            await ended.WaitAsync(stop.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await ended;
            cancellation.ThrowIfCancellationRequested();
            var last = LastLines(await EndAsync(error, time));
            throw ErrorCatalogue.ProgramTimedOut.With(
                string.Create(CultureInfo.InvariantCulture, $"{System.IO.Path.GetFileName(path)} ran longer than {limit.TotalSeconds:F0} s. {last}"));
        }

        return new ProgramResult(process.ExitCode, await EndAsync(output, time), await EndAsync(error, time));
    }

    /// <summary>The last few lines of a text on one line, for a message.</summary>
    public static string LastLines(string text) => string.Join(" | ", text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).TakeLast(3));

    /// <summary>
    /// Starts a program on a thread of its own that lives until the program ends: the system ties a child's end to that
    /// of the thread that started it (see <see cref="OrphanedPrograms.EndWithParent"/>), and threads of the pool come and go.
    /// </summary>
    private static async Task<(Process Process, Task Ended)> StartAsync(ProcessStartInfo info)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                var process = Process.Start(info) ?? throw ErrorCatalogue.ProgramFailed.With($"{info.FileName} could not be started.");
                started.SetResult(process);
                // This thread waits for nothing else; the caller kills a program that is over its limit, and then the wait ends.
#pragma warning disable RS0030
                process.WaitForExit();
#pragma warning restore RS0030
                ended.SetResult();
            }
            catch (Exception e) when (!started.Task.IsCompleted)
            {
                started.SetException(e is Win32Exception ? ErrorCatalogue.ProgramFailed.With($"{info.FileName} could not be started: {e.Message}", e) : e);
            }
            catch (Exception e)
            {
                ended.TrySetException(e);
            }
        })
        { IsBackground = true, Name = "external program" };
        thread.Start();
        return (await started.Task, ended.Task);
    }

    /// <summary>A program that left a child behind keeps the pipe open; what it printed is not worth waiting for it.</summary>
    private static async Task<string> EndAsync(Task<string> text, TimeProvider time)
    {
        try
        {
            return await text.WaitAsync(PipeLimit, time);
        }
        catch (TimeoutException)
        {
            return "";
        }
    }

    private static async Task<string> TailAsync(StreamReader reader, OutputLog? log)
    {
        var (buffer, tail) = (new char[4096], new StringBuilder());
        for (int read; (read = await reader.ReadAsync(buffer)) > 0;)
        {
            log?.Write(buffer.AsSpan(0, read));
            tail.Append(buffer, 0, read);
            if (tail.Length > 2 * TailCharacters)
            {
                tail.Remove(0, tail.Length - TailCharacters);
            }
        }

        return tail.ToString();
    }
}
