namespace BrainMVP.Federated.EndToEnd.Tests.Support;

/// <summary>What several tests look at: small data sets, and one undisturbed run over them. Made when first asked for.</summary>
public sealed class SharedRuns : IAsyncLifetime
{
    /// <summary>Enough that a test can step in while a site trains.</summary>
    private const int Steps = 30;

    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<Task<IReadOnlyList<string>>> _data;
    private readonly Lazy<Task<string>> _undisturbed;

    public SharedRuns()
    {
        _data = new Lazy<Task<IReadOnlyList<string>>>(MakeData);
        _undisturbed = new Lazy<Task<string>>(RunUndisturbed);
    }

    /// <summary>Data folders of three sites with three cases of T1 and T2 each.</summary>
    internal Task<IReadOnlyList<string>> Data => _data.Value;

    /// <summary>Hash of the global model of a run over the first two sites that nobody disturbed.</summary>
    internal Task<string> UndisturbedModel => _undisturbed.Value;

    /// <summary>The arguments of the undisturbed run, for tests that disturb it.</summary>
    internal async Task<IReadOnlyList<string>> Arguments() => ["--plan", _folder.Write(Path.GetRandomFileName(), Plans.Tiny(Steps)), "--data", (await Data)[0], "--data", (await Data)[1], "--seed", "5"];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    private async Task<IReadOnlyList<string>> MakeData() =>
        await Task.WhenAll(((string[])["north", "south", "east"]).Select(s => Phantoms.Write(_folder.PathOf("data", s), s, "t1,t2", 3, CancellationToken.None)));

    private async Task<string> RunUndisturbed()
    {
        var folder = _folder.PathOf("undisturbed");
        (await SimulationProcess.Run(folder, await Arguments(), CancellationToken.None)).Succeeded();
        return SimulationProcess.ModelHash(folder);
    }
}
