using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace BrainMVP.Federated.EndToEnd.Tests.Support;

/// <summary>A process of a test, with everything it printed.</summary>
internal sealed partial class RunningProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _output = [];
    private readonly List<string> _errors = [];
    private readonly Lock _lock = new();

    private RunningProcess(Process process)
    {
        _process = process;
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Lines of standard output so far.</summary>
    public IReadOnlyList<string> Output => Copy(_output);

    /// <summary>Standard error so far.</summary>
    public string Errors => string.Join('\n', Copy(_errors));

    public static RunningProcess Start(string file, params IEnumerable<string> arguments)
    {
        var process = new Process { StartInfo = new ProcessStartInfo(file, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true } };
        var running = new RunningProcess(process);
        process.OutputDataReceived += (_, line) => running.Keep(running._output, line.Data);
        process.ErrorDataReceived += (_, line) => running.Keep(running._errors, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return running;
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<Finished> Run(string file, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        await using var process = Start(file, arguments);
        process._process.StandardInput.Close();
        return await process.Finish(cancellation);
    }

    /// <summary>Waits for the end.</summary>
    public async Task<Finished> Finish(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Wait.Long);
        await _process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.True(_process.HasExited, $"{_process.StartInfo.FileName} did not end.\n{string.Join('\n', Output)}\n{Errors}");
        await _process.WaitForExitAsync(cancellation);
        return new Finished(_process.ExitCode, string.Join('\n', Output), Errors);
    }

    /// <summary>Waits for a line of standard output and answers where it is.</summary>
    public async Task<int> LineWith(string text, CancellationToken cancellation)
    {
        var found = -1;
        await Wait.Until(
            () =>
            {
                var ended = HasExited;
                found = Output.ToList().FindIndex(l => l.Contains(text, StringComparison.Ordinal));
                Assert.False(ended && found < 0, $"The process ended without \"{text}\":\n{string.Join('\n', Output)}\n{Errors}");
                return found >= 0;
            },
            () => $"\"{text}\" never came:\n{string.Join('\n', Output)}\n{Errors}",
            cancellation);
        return found;
    }

    public void Send(int signal) => Signals.Send(Id, signal);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private void Keep(List<string> lines, string? line)
    {
        if (line is not null)
        {
            lock (_lock)
            {
                lines.Add(line);
            }
        }
    }

    private List<string> Copy(List<string> lines)
    {
        lock (_lock)
        {
            return [.. lines];
        }
    }
}

/// <summary>What a process left on its terminal.</summary>
internal sealed record Finished(int ExitCode, string Output, string Errors)
{
    /// <summary>Asserts one numbered message with its remedy, the exit code, and nothing that only a programmer reads.</summary>
    public void FailedWith(Contracts.Errors.ErrorCode error, params string[] mentions)
    {
        var all = ToString();
        Assert.True(ExitCode == error.ExitCode, all);
        var lines = Errors.Trim().Split('\n');
        Assert.True(lines.Length == 2 && lines[0].StartsWith(error.Id + ": ", StringComparison.Ordinal) && lines[1].Contains(error.Remedy, StringComparison.Ordinal), all);
        Assert.DoesNotContain("   at ", Output + Errors, StringComparison.Ordinal);
        foreach (var mention in mentions)
        {
            Assert.Contains(mention, lines[0], StringComparison.Ordinal);
        }
    }

    /// <summary>Asserts exit code 0.</summary>
    public Finished Succeeded()
    {
        Assert.True(ExitCode == 0, ToString());
        return this;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"exit code {ExitCode}\n{Output}\n{Errors}");
}

/// <summary>Signals as the system's kill command sends them.</summary>
internal static partial class Signals
{
    public const int Interrupt = 2;

    public const int Kill = 9;

    public static void Send(int process, int signal) => Assert.Equal(0, SendTo(process, signal));

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendTo(int process, int signal);
}
