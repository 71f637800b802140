using BrainMVP.Federated.SiteAgent.Hosting;

namespace BrainMVP.Federated.SiteAgent.Tests;

/// <summary>A site's folder that is deleted after the test.</summary>
internal sealed class TemporarySite : IDisposable
{
    public SiteFolder Folder { get; } = new(Directory.CreateTempSubdirectory("site-").FullName);

    public string PathOf(string name) => Path.Combine(Folder.Root, name);

    public void Dispose() => Directory.Delete(Folder.Root, recursive: true);
}
