using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Federation.Summation;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>Sums of a round's shards. Scratch data: they can be computed again from the chunks and are deleted after the commit.</summary>
public sealed class SumStore(string root)
{
    public bool Exists(RoundKey round, int shard, int shards) => File.Exists(PathOf(round, shard, shards));

    /// <summary>Writes one shard durably.</summary>
    public void Write(RoundKey round, int shard, int shards, Action<Stream> write) => DurableFile.Write(PathOf(round, shard, shards), write);

    /// <summary>All shards of a round as one stream.</summary>
    public ISumSource Source(RoundKey round, int shards) => new ShardFiles([.. Enumerable.Range(0, shards).Select(i => PathOf(round, i, shards))]);

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
