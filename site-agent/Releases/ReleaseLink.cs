using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Enrollment;
using BrainMVP.Federated.SiteAgent.Hosting;
using BrainMVP.Federated.SiteAgent.Policy;
using BrainMVP.Federated.SiteAgent.Rounds;
using BrainMVP.Federated.SiteAgent.Transport;
using BrainMVP.Federated.Trust.Certificates;

namespace BrainMVP.Federated.SiteAgent.Releases;

/// <summary>Lists and fetches releases with the site's certificate; the daemon may run beside it.</summary>
public sealed class ReleaseLink : IDisposable
{
    private readonly SiteFolder _folder;
    private readonly TimeProvider _time;
    private readonly SiteIdentity _identity;
    private readonly SiteLink _link;

    /// <exception cref="FederationException">BMF-1010 when the site is not enrolled.</exception>
    public ReleaseLink(SiteFolder folder, TimeProvider time)
    {
        (_folder, _time) = (folder.RequireEnrolled(), time);
        _identity = new SiteIdentity(folder, time);
        _link = new SiteLink(SiteSettings.Read(folder), _identity, new AggregatorCalls(time), new Bandwidth(() => PolicyFile.Read(folder.Policy), time), time);
    }

    /// <summary>Every release, its signature checked.</summary>
    /// <exception cref="FederationException">BMF-1203, 1407, or what the aggregator answers.</exception>
    public async Task<IReadOnlyList<(ReleaseDocument Release, SignedDocument Signed)>> ListAsync(CancellationToken cancellation)
    {
        var response = await _link.Calls.CallAsync(_link.Control, o => new ReleaseService.ReleaseServiceClient(_link.Control.Invoker).ListAsync(new ListReleasesRequest(), o), cancellation);
        return [.. response.Releases.Select(s => (ReleaseFolder.Accept(s, _identity.Authority, _time.GetUtcNow()), s))];
    }

    /// <summary>Fetches a release into a folder. Done again it goes on where it was cut; files that are there are not fetched twice.</summary>
    /// <param name="name">Name of the release.</param>
    /// <param name="root">The folder.</param>
    /// <param name="report">Told the file, the bytes done and the bytes in total.</param>
    /// <exception cref="FederationException">BMF-1006 for an unknown name, BMF-1603 when the folder holds another release, BMF-1401 to 1403, 1407.</exception>
    public async Task<ReleaseDocument> PullAsync(string name, string root, Action<string, long, long> report, CancellationToken cancellation)
    {
        var all = await ListAsync(cancellation);
        var (release, signed) = all.FirstOrDefault(r => r.Release.Name == name);
        if (release is null)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"There is no release {name}; there {(all.Count == 0 ? "is none" : $"are {string.Join(", ", all.Select(a => a.Release.Name))}")}.");
        }

        var place = new ReleaseFolder(root);
        if (SignedFile.Exists(place.Document)
            ? !File.ReadAllBytes(place.Document).AsSpan().SequenceEqual(signed.Content.Span)
            : Directory.Exists(root) && Directory.EnumerateFileSystemEntries(root).Any(e => !e.StartsWith(place.Document, StringComparison.Ordinal)))
        {
            throw ErrorCatalogue.OutputNotOurs.With($"{root} holds something else than release {name}. Choose another --out.");
        }

        Directory.CreateDirectory(root);
        SignedFile.Save(place.Document, signed);
        File.Copy(_folder.Authority, place.Authority, overwrite: true);
        var parts = Path.Combine(root, ".parts");
        var cache = new ArtifactCache(parts, _link, _time, TransferLimits.Default);
        foreach (var (path, file) in place.Files(release))
        {
            if (File.Exists(path) && new FileInfo(path).Length == file.Bytes && FileHash.Of(path) == file.Hash)
            {
                continue;
            }

            var fetched = await cache.GetAsync(file.Hash, (done, total) => report(Path.GetRelativePath(root, path), done, total), cancellation);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            DurableFile.Publish(fetched, path);
        }

        Directory.Delete(parts, recursive: true);
        return place.Verify(_identity.Authority, _time.GetUtcNow());
    }

    public void Dispose()
    {
        _link.Dispose();
        _identity.Dispose();
    }
}
