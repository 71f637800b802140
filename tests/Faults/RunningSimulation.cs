using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace BrainMVP.Federated.Faults;

/// <summary>A simulation that runs, with its folders and what it printed so far.</summary>
public sealed class RunningSimulation : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    private readonly Process _process;
    private readonly StringBuilder _text = new();
    private readonly Lock _gate = new();

    private RunningSimulation(string folder, string aggregator, Process process)
    {
        (Out, Aggregator) = (folder, aggregator);
        _process = process;
    }

    public string Out { get; }

    /// <summary>The aggregator's folder.</summary>
    public string Aggregator { get; }

    public string Text
    {
        get
        {
            lock (_gate)
            {
                return _text.ToString();
            }
        }
    }

    public static RunningSimulation Start(string folder, string aggregator, IEnumerable<string> arguments)
    {
        var process = new Process { StartInfo = new ProcessStartInfo(Programs.Simulation, arguments.Concat(["--keep", "--out", folder])) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true } };
        var running = new RunningSimulation(folder, aggregator, process);
        process.StartInfo.Environment["OMP_NUM_THREADS"] = "1";
        process.StartInfo.Environment["MKL_NUM_THREADS"] = "1";
        process.OutputDataReceived += (_, line) => running.Keep(line.Data);
        process.ErrorDataReceived += (_, line) => running.Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return running;
    }

    public string Site(string name) => Path.Combine(Out, "work", "sites", name);

    /// <summary>Folder of a round at a site.</summary>
    public string Round(string site, int round) => Path.Combine(Site(site), "runs", "simulation", "rounds", string.Create(CultureInfo.InvariantCulture, $"{round:D6}-001"));

    /// <summary>Waits for something; fails when the simulation ends before.</summary>
    public async Task Until(Func<bool> condition, string what, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(Limit);
        while (!condition())
        {
            if (_process.HasExited || deadline.IsCancellationRequested)
            {
                cancellation.ThrowIfCancellationRequested();
                throw new InvalidOperationException($"{what} never came.");
            }

            await Task.Delay(LookAgain, cancellation);
        }
    }

    /// <summary>Process id of an agent.</summary>
    public int Agent(string site) => int.Parse(File.ReadAllText(Path.Combine(Site(site), "agent.pid")), CultureInfo.InvariantCulture);

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit code; −1 when it took too long.</returns>
    public async Task<int> End(CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(Limit);
        await _process.WaitForExitAsync(deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
        return _process.HasExited ? _process.ExitCode : -1;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            lock (_gate)
            {
                _text.AppendLine(line);
            }
        }
    }
}
