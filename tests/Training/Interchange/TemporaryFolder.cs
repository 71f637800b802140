namespace BrainMVP.Federated.Training.Tests.Interchange;

/// <summary>A folder that is deleted after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("interchange-").FullName;

    public string this[string name] => Path.Combine(_root, name);

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
