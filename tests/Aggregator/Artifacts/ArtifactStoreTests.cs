using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;

namespace BrainMVP.Federated.Aggregator.Tests.Artifacts;

public sealed class ArtifactStoreTests : IDisposable
{
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 7))];
    private static readonly string Hash = CanonicalJson.Hash(Bytes);

    private readonly TemporaryFolder _folder = new();
    private readonly ArtifactStore _store;

    public ArtifactStoreTests()
    {
        _store = new ArtifactStore(_folder.Path);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Stored_bytes_have_the_name_of_their_content()
    {
        Assert.Equal(Hash, _store.Put(s => s.Write(Bytes)));
        Assert.Equal(Hash, _store.Put(s => s.Write(Bytes)));
        Assert.Equal(Bytes.Length, _store.LengthOf(Hash));
        Assert.Equal(Bytes, File.ReadAllBytes(_store.PathOf(Hash)));
        _store.Verify(Hash);
        Assert.True(_store.Exists(Hash));
        Assert.Empty(Directory.GetFiles(_folder["incoming"]));
    }

    [Fact]
    public async Task Bytes_that_arrive_in_pieces_are_stored_under_the_announced_name()
    {
        Assert.Equal(Hash, await _store.PutAsync(Hash, Pieces(Bytes, 1000), Cancellation));
        _store.Verify(Hash);
    }

    [Fact]
    public async Task Bytes_with_another_name_than_announced_are_not_kept()
    {
        await Fails.WithAsync(ErrorCatalogue.ArtifactCorrupt, () => _store.PutAsync(new string('a', 64), Pieces(Bytes, 1000), Cancellation));
        Assert.False(_store.Exists(Hash));
        Assert.False(_store.Exists(new string('a', 64)));
        Assert.Empty(Directory.GetFiles(_folder["incoming"]));
    }

    [Fact]
    public async Task A_copy_that_the_disk_damaged_is_found_and_replaced()
    {
        _store.Put(s => s.Write(Bytes));
        using (var file = File.OpenWrite(_store.PathOf(Hash)))
        {
            file.Position = 77;
            file.WriteByte(0xff);
        }

        Fails.With(ErrorCatalogue.ArtifactCorrupt, () => _store.Verify(Hash));
        await _store.PutAsync(Hash, Pieces(Bytes, 4096), Cancellation);
        _store.Verify(Hash);
    }

    [Fact]
    public void A_collected_artifact_says_so_and_can_come_back()
    {
        _store.Put(s => s.Write(Bytes));
        using (File.OpenRead(_store.PathOf(Hash)))
        {
            _store.Collect(Hash);
        }

        Fails.With(ErrorCatalogue.ArtifactCollected, () => _store.LengthOf(Hash));
        Assert.Null(_store.UnusedSince(Hash));
        _store.Put(s => s.Write(Bytes));
        Assert.Equal(Bytes.Length, _store.LengthOf(Hash));
        _store.Use(Hash, new DateTimeOffset(2031, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Assert.Equal(2031, _store.UnusedSince(Hash)?.Year);
    }

    [Fact]
    public void A_write_that_fails_leaves_nothing()
    {
        Assert.Throws<InvalidDataException>(() => _store.Put(s =>
        {
            s.Write(Bytes);
            throw new InvalidDataException();
        }));
        Assert.Empty(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Left_overs_of_an_earlier_process_are_swept()
    {
        File.WriteAllText(_folder["incoming/left"], "half");
        _ = new ArtifactStore(_folder.Path);
        Assert.Empty(Directory.GetFiles(_folder["incoming"]));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/")]
    public void Names_that_are_no_hash_are_refused(string name) => Fails.With(ErrorCatalogue.ArtifactMissing, () => _store.PathOf(name));

    [Fact]
    public void A_missing_artifact_has_its_number()
    {
        Fails.With(ErrorCatalogue.ArtifactMissing, () => _store.LengthOf(Hash));
        Fails.With(ErrorCatalogue.ArtifactMissing, () => _store.Verify(Hash));
    }

    [Fact]
    public void A_document_is_signed_once_and_found_by_its_hash()
    {
        var documents = new DocumentStore(_folder["documents"]);
        var content = CanonicalJson.Serialize(new Contracts.Documents.ValidationSum(1, 2, 1, 1, 1));
        var hash = documents.Put(content, () => [1]);
        Assert.Equal(hash, documents.Put(content, () => throw new InvalidOperationException("signed twice")));
        Assert.Equal([1], documents.Get(hash).Signature.ToByteArray());
        Assert.Equal(2, documents.Read<Contracts.Documents.ValidationSum>(hash).Voxels);
        Fails.With(ErrorCatalogue.ArtifactMissing, () => documents.Get(new string('0', 64)));
        Fails.With(ErrorCatalogue.ArtifactMissing, () => documents.Get("../x"));
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> Pieces(byte[] bytes, int size)
    {
        for (var i = 0; i < bytes.Length; i += size)
        {
            await Task.Yield();
            yield return bytes.AsMemory(i, Math.Min(size, bytes.Length - i));
        }
    }
}
