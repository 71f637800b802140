using System.Diagnostics;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Simulation.Processes;

/// <summary>Runs a command of one of the executables to its end.</summary>
public static class Tool
{
    /// <summary>Standard output of the command. Long ones understand <c>--stop-with-stdin</c> and end with this process, however it ends.</summary>
    public static Task<string> RunLong(string file, IReadOnlyList<string> arguments, TimeSpan limit, CancellationToken cancellation) =>
        Run(file, [.. arguments, "--stop-with-stdin"], limit, leashed: true, cancellation);

    /// <summary>Standard output of the command.</summary>
    /// <exception cref="FederationException">The command's own numbered error, or BMF-1601 when it failed without one or took too long.</exception>
    public static Task<string> Run(string file, IReadOnlyList<string> arguments, TimeSpan limit, CancellationToken cancellation) =>
        Run(file, arguments, limit, leashed: false, cancellation);

    private static async Task<string> Run(string file, IReadOnlyList<string> arguments, TimeSpan limit, bool leashed, CancellationToken cancellation)
    {
        using var process = new Process { StartInfo = new ProcessStartInfo(file) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true } };
        foreach (var argument in arguments)
        {
            process.StartInfo.ArgumentList.Add(argument);
        }

        process.Start();
        if (!leashed)
        {
            process.StandardInput.Close();
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(limit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var errors = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return process.ExitCode == 0 ? await output : throw Failure(file, arguments, process.ExitCode, await errors);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw ErrorCatalogue.SimulationFailed.With($"{Path.GetFileName(file)} {arguments[0]} took longer than {limit.TotalSeconds:F0} s.");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static FederationException Failure(string file, IReadOnlyList<string> arguments, int exitCode, string errors)
    {
        var text = errors.Trim();
        var id = text.Split(':', 2)[0];
        var code = ErrorCatalogue.Find(id);
        var detail = code is null ? text : text[(id.Length + 1)..].Split('\n')[0].Replace(code.Title, "", StringComparison.Ordinal).Trim();
        return (code ?? ErrorCatalogue.SimulationFailed).With($"{Path.GetFileName(file)} {string.Join(' ', arguments.Take(2))} ended with code {exitCode}: {detail}");
    }
}
