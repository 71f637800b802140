using System.Diagnostics;
using BrainMVP.Federated.SiteAgent.Hosting;

namespace BrainMVP.Federated.Benchmarks.Federation;

/// <summary>Many agents in a few processes of their own; they end with the standard input.</summary>
internal sealed class LightSites : IDisposable
{
    /// <summary>Argument of the processes: the local models, then the sites' folders.</summary>
    public const string ChildCommand = "light-sites";

    private readonly Process[] _processes;

    private LightSites(Process[] processes)
    {
        _processes = processes;
    }

    /// <param name="folders">Enrolled sites.</param>
    /// <param name="localModels">What rounds end with, in turns.</param>
    /// <param name="processes">Processes at most.</param>
    public static async Task<LightSites> StartAsync(IReadOnlyList<SiteFolder> folders, IReadOnlyList<string> localModels, int processes)
    {
        var started = Enumerable.Range(0, processes)
            .Select(p => folders.Where((_, i) => i % processes == p).Select(f => f.Root).ToArray())
            .Where(part => part.Length > 0)
            .Select(part => FreshProcess.Start([ChildCommand, string.Join(Path.PathSeparator, localModels), .. part]))
            .ToArray();
        foreach (var process in started)
        {
            await process.StandardOutput.ReadLineAsync();
        }

        return new LightSites(started);
    }

    /// <summary>A process of agents.</summary>
    public static async Task<int> RunChildAsync(string[] arguments)
    {
        // Agents share this process's threads; each has a stream of its own to the aggregator, as from a machine of its own.
        ThreadPool.SetMinThreads(32, 32);
        var sites = arguments[2..].Select(folder => new LightSite(new SiteFolder(folder), arguments[1].Split(Path.PathSeparator))).ToArray();
        foreach (var site in sites)
        {
            await site.StartAsync();
        }

        Console.WriteLine("ready");
        await Console.In.ReadToEndAsync();
        return 0;
    }

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.Kill();
            process.Dispose();
        }
    }
}
