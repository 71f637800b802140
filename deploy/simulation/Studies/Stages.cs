using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>
/// The pieces of work of a study: each is done once, as many at a time as there are processors, and not again when the
/// command is repeated. What several methods need is one stage.
/// </summary>
internal sealed class Stages(StudyFolder folder, StudyConsole console, CancellationToken cancellation) : IDisposable
{
    private const string Done = "stage.done";
    private readonly Dictionary<string, Task<string>> _started = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _slots = new(Environment.ProcessorCount);

    /// <summary>Starts a stage when those before it are done.</summary>
    /// <param name="name">Path of its folder below the stages.</param>
    /// <param name="work">Fills the folder. A folder with an unfinished earlier try is given as it is.</param>
    /// <param name="after">Stages that it needs.</param>
    /// <returns>The folder.</returns>
    public Task<string> Run(string name, Func<string, CancellationToken, Task> work, params IEnumerable<Task<string>> after)
    {
        if (!_started.TryGetValue(name, out var known))
        {
            known = Execute(name, work, [.. after]);
            _started.Add(name, known);
        }

        return known;
    }

    public void Dispose() => _slots.Dispose();

    private async Task<string> Execute(string name, Func<string, CancellationToken, Task> work, Task<string>[] after)
    {
        var path = folder.Stage(name);
        console.Expect();
        await Task.WhenAll(after);
        if (File.Exists(Path.Combine(path, Done)))
        {
            console.Known();
            return path;
        }

        await _slots.WaitAsync(cancellation);
        try
        {
            cancellation.ThrowIfCancellationRequested();
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var began = TimeProvider.System.GetTimestamp();
            await work(path, cancellation);
            DurableFile.WriteAllText(Path.Combine(path, Done), "");
            console.Finished(name, TimeProvider.System.GetElapsedTime(began));
            return path;
        }
        finally
        {
            _slots.Release();
        }
    }
}
