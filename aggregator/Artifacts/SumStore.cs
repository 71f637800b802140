using System.IO.Hashing;
using BrainMVP.Federated.Aggregator.ObjectStorage;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Federation.Summation;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>Sums of a round's shards. Scratch data: they can be computed again from the chunks and are deleted after the commit.</summary>
/// <param name="root">Folder.</param>
/// <param name="objects">Where silos that share no folder find each other's sums; null where they do.</param>
public sealed class SumStore(string root, IObjectStore? objects = null)
{
    private const string Kind = "sums/";

    public bool Exists(RoundKey round, int shard, int shards) => File.Exists(PathOf(round, shard, shards)) || Stored(round, shard, shards) is not null;

    /// <summary>Writes one shard durably.</summary>
    public void Write(RoundKey round, int shard, int shards, Action<Stream> write)
    {
        var path = PathOf(round, shard, shards);
        if (objects is null)
        {
            DurableFile.Write(path, write);
            return;
        }

        var made = path + ".made";
        DurableFile.Write(made, write);
        objects.Put(NameOf(round, shard, shards) + CheckOf(made), made);
        DurableFile.Publish(made, path);
    }

    /// <summary>All shards of a round as one stream.</summary>
    /// <exception cref="FederationException">BMF-1401 when a shard is gone; with an object store BMF-1402 and BMF-1404.</exception>
    public ISumSource Source(RoundKey round, int shards)
    {
        for (var shard = 0; shard < shards && objects is not null; shard++)
        {
            Fetch(round, shard, shards);
        }

        return new ShardFiles([.. Enumerable.Range(0, shards).Select(i => PathOf(round, i, shards))]);
    }

    /// <summary>Writes a further file of the round that is not needed after its commit, and not durably: it can be made again.</summary>
    /// <returns>Its path.</returns>
    /// <exception cref="FederationException">BMF-1403 when the disk is full.</exception>
    public string WriteScratch(RoundKey round, string name, Action<Stream> write)
    {
        var path = Path.Combine(root, round.Run, round.Folder, name);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var file = File.Create(path);
            write(file);
            return path;
        }
        catch (IOException e) when (DurableFile.IsDiskFull(e))
        {
            throw ErrorCatalogue.DiskFull.With($"The next model could not be written: {e.Message}", e);
        }
    }

    public void Delete(RoundKey round)
    {
        var folder = Path.Combine(root, round.Run, round.Folder);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        foreach (var name in objects?.List(RoundName(round)) ?? [])
        {
            objects!.Delete(name);
        }
    }

    private static string RoundName(RoundKey round) => $"{Kind}{round.Run}/{round.Folder}/";

    /// <summary>What an object's name begins with; the checksum of its bytes follows.</summary>
    private static string NameOf(RoundKey round, int shard, int shards) => $"{RoundName(round)}{shard}-of-{shards}-";

    private static string CheckOf(string path)
    {
        using var file = File.OpenRead(path);
        var check = new XxHash128();
        check.Append(file);
        return Convert.ToHexStringLower(check.GetCurrentHash());
    }

    private string? Stored(RoundKey round, int shard, int shards) => objects?.List(NameOf(round, shard, shards)) is [.., var name] ? name : null;

    private void Fetch(RoundKey round, int shard, int shards)
    {
        var path = PathOf(round, shard, shards);
        if (File.Exists(path))
        {
            return;
        }

        var fetched = path + ".fetched";
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (Stored(round, shard, shards) is not { } name || !objects!.TryGet(name, fetched))
        {
            throw ErrorCatalogue.ArtifactMissing.With($"The sum of shard {shard} of round {round.Round} is gone.");
        }

        if (!name.EndsWith(CheckOf(fetched), StringComparison.Ordinal))
        {
            throw ErrorCatalogue.ArtifactCorrupt.With($"The bucket holds other bytes than the sum of shard {shard} of round {round.Round}.");
        }

        DurableFile.Publish(fetched, path);
    }

    private string PathOf(RoundKey round, int shard, int shards) => Path.Combine(root, round.Run, round.Folder, $"{shard}-of-{shards}");

    private sealed class ShardFiles : ISumSource
    {
        private readonly (string Path, long Begin, long End)[] _files;

        public ShardFiles(string[] paths)
        {
            long position = 0;
            _files = [.. paths.Select(p => (p, position, position += new FileInfo(p).Length))];
        }

        public void Read(long offset, Span<byte> destination)
        {
            foreach (var (path, begin, end) in _files)
            {
                if (destination.Length == 0)
                {
                    return;
                }

                if (offset >= end || offset < begin)
                {
                    continue;
                }

                var length = (int)Math.Min(destination.Length, end - offset);
                using var file = File.OpenHandle(path);
                for (var done = 0; done < length;)
                {
                    var read = RandomAccess.Read(file, destination[done..length], offset - begin + done);
                    done += read > 0 ? read : throw ErrorCatalogue.ArtifactCorrupt.With($"{path} has become shorter.");
                }

                destination = destination[length..];
                offset += length;
            }

            if (destination.Length > 0)
            {
                throw ErrorCatalogue.ArtifactCorrupt.With("The round's sums are shorter than its roster says.");
            }
        }
    }
}
