using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using CsCheck;

namespace BrainMVP.Federated.Aggregator.Tests.Artifacts;

public sealed class UploadStoreTests : IDisposable
{
    private static readonly RoundKey Key = new("run", 3, 1);
    private static readonly byte[] Payload = [.. Enumerable.Range(0, (2 * Protocol.UpdateChunkBytes) + 12345).Select(i => (byte)(((i * 31) >> 3) ^ (i >> 20)))];

    private readonly TemporaryFolder _folder = new();
    private readonly UploadStore _store;
    private readonly UpdateManifest _manifest;

    public UploadStoreTests()
    {
        _store = new UploadStore(_folder.Path);
        _manifest = new UpdateManifest { Site = "north", RoundContext = new string('0', 64), Bytes = Payload.Length, Chunks = [.. Enumerable.Range(0, 3).Select(i => CanonicalJson.Hash(Chunk(i)))] };
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_missing_is_what_was_not_delivered_also_for_a_new_process()
    {
        Assert.Equal([0, 1, 2], _store.Missing(Key, "north", _manifest));
        _store.Write(Key, "north", _manifest, 1, Chunk(1));
        Assert.Equal([0, 2], new UploadStore(_folder.Path).Missing(Key, "north", _manifest));
        _store.Write(Key, "north", _manifest, 0, Chunk(0));
        _store.Write(Key, "north", _manifest, 2, Chunk(2));
        Assert.Empty(_store.Missing(Key, "north", _manifest));
    }

    [Fact]
    public void Sites_attempts_and_rounds_do_not_share_chunks()
    {
        _store.Write(Key, "north", _manifest, 0, Chunk(0));
        Assert.Equal(3, _store.Missing(Key, "south", _manifest).Count());
        Assert.Equal(3, _store.Missing(Key with { Attempt = 2 }, "north", _manifest).Count());
        Assert.Equal(3, _store.Missing(Key with { Round = 4 }, "north", _manifest).Count());
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-1, 0)]
    [InlineData(3, 0)]
    [InlineData(2, 0)]
    public void Wrong_bytes_are_refused_and_not_kept(int index, int chunk)
    {
        Fails.With(ErrorCatalogue.ArtifactCorrupt, () => _store.Write(Key, "north", _manifest, index, Chunk(chunk)));
        Fails.With(ErrorCatalogue.ArtifactCorrupt, () => _store.Write(Key, "north", _manifest, 0, Chunk(0).AsMemory(1)));
        Assert.Equal(3, _store.Missing(Key, "north", _manifest).Count());
    }

    [Fact]
    public void Updates_are_read_across_chunk_borders()
    {
        Deliver();
        using var source = _store.Source(Key, new Dictionary<string, UpdateManifest> { ["north"] = _manifest });
        Gen.Select(Gen.Int[0, Payload.Length - 1], Gen.Int[1, 3 << 20]).Sample(
            (offset, length) =>
            {
                var buffer = new byte[Math.Min(length, Payload.Length - offset)];
                source.Read("north", offset, buffer);
                Assert.True(buffer.AsSpan().SequenceEqual(Payload.AsSpan(offset, buffer.Length)));
            },
            iter: 40);
    }

    [Fact]
    public void A_chunk_that_became_shorter_is_noticed()
    {
        Deliver();
        foreach (var file in Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories))
        {
            using var stream = File.OpenWrite(file);
            stream.SetLength(10);
        }

        using var source = _store.Source(Key, new Dictionary<string, UpdateManifest> { ["north"] = _manifest });
        Fails.With(ErrorCatalogue.ArtifactCorrupt, () => source.Read("north", 0, new byte[100]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(70_000)]
    [InlineData(Protocol.UpdateChunkBytes - 1)]
    [InlineData(Protocol.UpdateChunkBytes + 8)]
    public void A_chunk_that_the_disk_altered_is_noticed_where_it_was_altered_every_time_it_is_read(int at)
    {
        Deliver();
        var file = Directory.GetFiles(_folder.Path, "000000-*", SearchOption.AllDirectories).Single();
        var bytes = File.ReadAllBytes(file);
        bytes[at] ^= 4;
        File.WriteAllBytes(file, bytes);
        using var source = _store.Source(Key, new Dictionary<string, UpdateManifest> { ["north"] = _manifest });
        var buffer = new byte[Protocol.UpdateChunkBytes];
        for (var i = 0; i < 2; i++)
        {
            var error = Assert.Throws<FederationException>(() => source.Read("north", 0, buffer));
            Assert.Equal(ErrorCatalogue.ArtifactCorrupt, error.Code);
            Assert.Contains("Chunk 0 of north", error.Message, StringComparison.Ordinal);
        }

        source.Read("north", Protocol.UpdateChunkBytes, buffer);
        Assert.True(buffer.AsSpan().SequenceEqual(Chunk(1)));
    }

    [Fact]
    public void A_committed_round_leaves_no_chunks()
    {
        Deliver();
        _store.Delete(Key);
        _store.Delete(Key);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    private static byte[] Chunk(int index) => Payload[(index * Protocol.UpdateChunkBytes)..Math.Min(Payload.Length, (index + 1) * Protocol.UpdateChunkBytes)];

    private void Deliver()
    {
        for (var i = 0; i < 3; i++)
        {
            _store.Write(Key, "north", _manifest, i, Chunk(i));
        }
    }
}
