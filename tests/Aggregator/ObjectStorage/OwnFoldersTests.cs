using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Audit;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.ObjectStorage;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Trust.Audit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BrainMVP.Federated.Aggregator.Tests.ObjectStorage;

/// <summary>Two processes with a bucket and a folder each.</summary>
public sealed class OwnFoldersTests : IClassFixture<BucketFixture>, IDisposable
{
    private static readonly RoundKey Key = new("run", 3, 1);
    private static readonly byte[] Payload = [.. Enumerable.Range(0, (2 * Protocol.UpdateChunkBytes) + 12345).Select(i => (byte)(((i * 31) >> 3) ^ (i >> 20)))];
    private static readonly UpdateManifest Manifest = new() { Site = "north", RoundContext = new string('0', 64), Bytes = Payload.Length, Chunks = [.. Enumerable.Range(0, 3).Select(i => CanonicalJson.Hash(Chunk(i)))] };

    private readonly TemporaryFolder _folder = new();
    private readonly S3ObjectStore _objects;

    public OwnFoldersTests(BucketFixture bucket)
    {
        _objects = bucket.Store();
    }

    public void Dispose()
    {
        _objects.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void An_artifact_of_one_is_read_by_the_other()
    {
        var (a, b) = (Artifacts("a"), Artifacts("b"));
        var hash = a.Put(s => s.Write("model"u8));
        Assert.Equal(5, b.LengthOf(hash));
        Assert.Equal("model"u8.ToArray(), File.ReadAllBytes(b.PathOf(hash)));
        b.Verify(hash);
        Fails.With(ErrorCatalogue.ArtifactMissing, () => b.LengthOf(new string('0', 64)));
    }

    [Fact]
    public void Bytes_that_changed_in_the_bucket_are_refused()
    {
        var hash = Artifacts("a").Put(s => s.Write("model"u8));
        _objects.Put($"artifacts/{hash[..2]}/{hash}", "other"u8.ToArray());
        Fails.With(ErrorCatalogue.ArtifactCorrupt, () => Artifacts("b").LengthOf(hash));
        Assert.Empty(Directory.EnumerateFiles(_folder["b"], "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void What_one_gave_up_is_given_up_for_the_other()
    {
        var (a, b) = (Artifacts("a"), Artifacts("b"));
        var hash = a.Put(s => s.Write("model"u8));
        Assert.NotNull(b.UnusedSince(hash));
        a.Collect(hash);
        Assert.Null(b.UnusedSince(hash));
        Fails.With(ErrorCatalogue.ArtifactCollected, () => b.LengthOf(hash));
    }

    [Fact]
    public void What_one_uses_the_other_does_not_count_as_unused()
    {
        var (a, b) = (Artifacts("a"), Artifacts("b"));
        var hash = a.Put(s => s.Write("model"u8));
        var longAgo = DateTime.UnixEpoch.AddYears(40);
        File.SetLastWriteTimeUtc(a.PathOf(hash), longAgo);
        Assert.Equal(longAgo, a.UnusedSince(hash)!.Value.UtcDateTime);
        b.Use(hash, TimeProvider.System.GetUtcNow());
        Assert.True(a.UnusedSince(hash) > new DateTimeOffset(longAgo, TimeSpan.Zero).AddYears(1));
    }

    [Fact]
    public void A_document_of_one_is_read_by_the_other_with_its_first_signature()
    {
        var (a, b) = (new DocumentStore(_folder["a"], _objects), new DocumentStore(_folder["b"], _objects));
        var content = CanonicalJson.Serialize(new Dictionary<string, string> { ["a"] = "b" });
        var hash = a.Put(content, () => [1, 2, 3]);
        Assert.Equal(hash, b.Put(content, () => throw new InvalidOperationException("signed already")));
        Assert.Equal([1, 2, 3], b.Get(hash).Signature.ToByteArray());
    }

    [Fact]
    public async Task Chunks_that_both_received_make_one_update_at_either()
    {
        var (a, b) = (new UploadStore(_folder["a"], "a", _objects), new UploadStore(_folder["b"], "b", _objects));
        await Write(a, 1);
        Assert.Equal([0, 2], b.Missing(Key, "north", Manifest));
        await Write(b, 0);
        await Write(b, 2);
        Assert.Empty(a.Missing(Key, "north", Manifest));
        foreach (var store in (UploadStore[])[a, b])
        {
            using var source = store.Source(Key, new Dictionary<string, UpdateManifest> { ["north"] = Manifest });
            var read = new byte[Payload.Length];
            source.Read("north", 0, read);
            Assert.Equal(Payload, read);
        }

        a.Delete(Key);
        Assert.Empty(_objects.List("uploads/"));
    }

    [Fact]
    public async Task Several_that_ask_for_the_same_update_at_once_all_get_it()
    {
        var (a, b) = (new UploadStore(_folder["a"], "a", _objects), new UploadStore(_folder["b"], "b", _objects));
        for (var chunk = 0; chunk < 3; chunk++)
        {
            await Write(a, chunk);
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => b.Source(Key, new Dictionary<string, UpdateManifest> { ["north"] = Manifest }).Dispose(), TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void A_sum_of_one_is_read_by_the_other()
    {
        var (a, b) = (new SumStore(_folder["a"], _objects), new SumStore(_folder["b"], _objects));
        a.Write(Key, 0, 2, s => s.Write("first "u8));
        b.Write(Key, 1, 2, s => s.Write("second"u8));
        Assert.True(a.Exists(Key, 1, 2) && b.Exists(Key, 0, 2));
        foreach (var store in (SumStore[])[a, b])
        {
            var read = new byte[12];
            store.Source(Key, 2).Read(0, read);
            Assert.Equal("first second"u8.ToArray(), read);
        }

        b.Delete(Key);
        Assert.Empty(_objects.List("sums/"));
    }

    [Fact]
    public void The_audit_log_goes_on_where_the_other_ended_it()
    {
        var copy = new AuditObjects(_objects);
        Append("a", copy, "one", "two");
        Append("b", copy, "three");
        Append("a", copy, "four");
        using (var log = AuditLog.Open(_folder["b.jsonl"], TimeProvider.System))
        {
            copy.Meet(log, _folder["b.jsonl"]);
        }

        Assert.Equal(File.ReadAllBytes(_folder["a.jsonl"]), File.ReadAllBytes(_folder["b.jsonl"]));
        Assert.Equal(["one", "two", "three", "four"], AuditLog.Read(_folder["b.jsonl"]).Select(r => r.Subject));
        Assert.True(AuditLog.Verify(_folder["b.jsonl"]).IsWhole);
    }

    [Fact]
    public void Two_that_write_the_audit_log_at_once_never_give_two_records_one_number()
    {
        var copy = new AuditObjects(_objects);
        using var a = AuditLog.Open(_folder["a.jsonl"], TimeProvider.System);
        using var b = AuditLog.Open(_folder["b.jsonl"], TimeProvider.System);
        Assert.NotNull(a.TryAppend("k", "of a", null, copy.TryPut));
        Assert.Null(b.TryAppend("k", "of b", null, copy.TryPut));
        copy.Meet(b, _folder["b.jsonl"]);
        Assert.NotNull(b.TryAppend("k", "of b", null, copy.TryPut));
        Assert.Equal(["of a", "of b"], AuditLog.Read(_folder["b.jsonl"]).Select(r => r.Subject));
    }

    [Fact]
    public void Two_histories_are_never_joined()
    {
        Append("a", new AuditObjects(_objects), "one");
        Append("b", new AuditObjects(null), "another", "history");
        var before = File.ReadAllBytes(_folder["b.jsonl"]);
        Fails.With(ErrorCatalogue.AuditBroken, () => Append("b", new AuditObjects(_objects), "three"));
        Assert.Equal(before, File.ReadAllBytes(_folder["b.jsonl"]));
        Assert.Single(_objects.List("audit/"));
    }

    [Fact]
    public void A_folder_that_had_no_bucket_brings_what_it_has()
    {
        var hash = new ArtifactStore(_folder["a"]).Put(s => s.Write("model"u8));
        var document = new DocumentStore(_folder["ad"]).Put(CanonicalJson.Serialize(new Dictionary<string, string>()), () => [7]);
        Join("a");
        Assert.Equal(5, Artifacts("b").LengthOf(hash));
        Assert.Equal([7], new DocumentStore(_folder["bd"], _objects).Get(document).Signature.ToByteArray());
    }

    [Fact]
    public void A_bucket_belongs_to_one_consortium()
    {
        Join("a");
        Join("b");
        Fails.With(ErrorCatalogue.BucketUnusable, () => Join("c", "another"));
    }

    [Fact]
    public async Task What_another_silo_ended_is_swept_after_a_while()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var (a, b) = (new AggregatorFolder(_folder["a"]), new AggregatorFolder(_folder["b"]));
        var (first, second) = (new UploadStore(a.Uploads, "a", _objects), new UploadStore(b.Uploads, "b", _objects));
        await Write(first, 0);
        await Write(first, 1);
        await Write(first, 2);
        second.Source(Key, new Dictionary<string, UpdateManifest> { ["north"] = Manifest }).Dispose();
        using var sweeper = new CacheSweeper(b, _objects, time, NullLogger<CacheSweeper>.Instance);
        time.Advance(2 * CacheSweeper.Recent);
        Assert.Equal(0, sweeper.Sweep());
        first.Delete(Key);
        Assert.Equal(1, sweeper.Sweep());
        Assert.Empty(Directory.EnumerateFiles(b.Uploads, "*", SearchOption.AllDirectories));
    }

    private static byte[] Chunk(int index) => Payload[(index * Protocol.UpdateChunkBytes)..Math.Min(Payload.Length, (index + 1) * Protocol.UpdateChunkBytes)];

    private static async Task Write(UploadStore store, int index)
    {
        var sink = store.Open(Key, "north", Manifest);
        try
        {
            using var writer = sink.Begin(index, 0);
            writer.Append(Chunk(index));
            await sink.FinishAsync(writer, resumed: false);
        }
        finally
        {
            store.Close(Key, "north", sink);
        }
    }

    private ArtifactStore Artifacts(string name) => new(_folder[name], objects: _objects);

    private void Join(string name, string consortium = "ours") =>
        SharedBucket.Join(_objects, consortium, _folder[name + ".bucket"], "here", Artifacts(name), new DocumentStore(_folder[name + "d"], _objects));

    private void Append(string name, AuditObjects copy, params string[] subjects)
    {
        using var log = AuditLog.Open(_folder[name + ".jsonl"], TimeProvider.System);
        copy.Meet(log, _folder[name + ".jsonl"]);
        Assert.All(subjects, s => Assert.NotNull(log.TryAppend("kind", s, null, copy.TryPut)));
    }
}
