using System.Diagnostics;
using System.Runtime.InteropServices;
using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
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
        Write(1, Chunk(1));
        Assert.Equal([0, 2], new UploadStore(_folder.Path).Missing(Key, "north", _manifest));
        Write(0, Chunk(0));
        Write(2, Chunk(2));
        Assert.Empty(_store.Missing(Key, "north", _manifest));
    }

    [Fact]
    public void Sites_attempts_and_rounds_do_not_share_chunks()
    {
        Write(0, Chunk(0));
        Assert.Equal(3, _store.Missing(Key, "south", _manifest).Count);
        Assert.Equal(3, _store.Missing(Key with { Attempt = 2 }, "north", _manifest).Count);
        Assert.Equal(3, _store.Missing(Key with { Round = 4 }, "north", _manifest).Count);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void Wrong_bytes_are_refused_and_not_kept(int index, int chunk)
    {
        Fails.With(ErrorCatalogue.ArtifactCorrupt, () => Write(index, Chunk(chunk)));
        Assert.Equal(3, _store.Missing(Key, "north", _manifest).Count);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(3, 0)]
    [InlineData(0, -1)]
    [InlineData(0, Protocol.UpdateChunkBytes)]
    [InlineData(2, 12345)]
    public void Chunks_that_the_manifest_does_not_have_are_refused_whether_delivered_or_not(int index, int offset)
    {
        var sink = _store.Open(Key, "north", _manifest);
        Fails.With(ErrorCatalogue.ArtifactCorrupt, () => sink.Begin(index, offset));
        Deliver();
        Fails.With(ErrorCatalogue.ArtifactCorrupt, () => sink.Begin(index, offset));
        _store.Close(Key, "north", sink);
    }

    [Fact]
    public void A_broken_stream_leaves_the_beginning_of_its_chunk_to_the_next()
    {
        const int Half = 1_500_000;
        var sink = _store.Open(Key, "north", _manifest);
        using (var writer = sink.Begin(1, 0))
        {
            writer.Append(Chunk(1).AsMemory(0, Half));
            sink.Leave(writer);
        }

        _store.Close(Key, "north", sink);
        Assert.Equal(Half, Assert.Contains(1, _store.Partials(Key, "north")));
        Write(1, Chunk(1), Half);
        Assert.Equal([0, 2], _store.Missing(Key, "north", _manifest));
        Assert.Empty(_store.Partials(Key, "north"));
        Assert.Empty(new UploadStore(_folder.Path).Partials(Key, "north"));
    }

    [Fact]
    public void A_beginning_that_was_wrong_is_forgotten_and_the_whole_chunk_asked_for_again()
    {
        var sink = _store.Open(Key, "north", _manifest);
        using (var writer = sink.Begin(1, 0))
        {
            writer.Append(Chunk(0).AsMemory(0, 1000));
            sink.Leave(writer);
        }

        _store.Close(Key, "north", sink);
        Fails.With(ErrorCatalogue.StorageUnavailable, () => Write(1, Chunk(1), 1000));
        Fails.With(ErrorCatalogue.StorageUnavailable, () => Write(1, Chunk(1), 1000));
        Write(1, Chunk(1));
        Assert.Equal([0, 2], _store.Missing(Key, "north", _manifest));
    }

    [Fact]
    public void Two_streams_do_not_write_the_same_chunk_and_one_that_is_there_is_not_written_again()
    {
        var sink = _store.Open(Key, "north", _manifest);
        using (var writer = sink.Begin(0, 0))
        {
            Fails.With(ErrorCatalogue.StorageUnavailable, () => sink.Begin(0, 0));
            sink.Leave(writer);
        }

        _store.Close(Key, "north", sink);
        Write(0, Chunk(0));
        var again = _store.Open(Key, "north", _manifest);
        using (var repeated = again.Begin(0, 0))
        {
            repeated.Append(Chunk(0));
            Assert.True(again.FinishAsync(repeated, resumed: false).IsCompletedSuccessfully);
        }

        using (var altered = again.Begin(0, 0))
        {
            altered.Append(Chunk(1));
            Fails.With(ErrorCatalogue.ArtifactCorrupt, () => again.FinishAsync(altered, resumed: false));
        }

        _store.Close(Key, "north", again);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-300)]
    [InlineData(77)]
    public void A_journal_that_a_crash_tore_loses_the_torn_record_only(int change)
    {
        Write(0, Chunk(0));
        Write(1, Chunk(1));
        var journal = Directory.GetFiles(_folder.Path, "*.chunks", SearchOption.AllDirectories).Single();
        using (var file = File.OpenWrite(journal))
        {
            file.SetLength(file.Length + change);
        }

        var restarted = new UploadStore(_folder.Path);
        Assert.Equal(change < 0 ? [1, 2] : [2], restarted.Missing(Key, "north", _manifest));
        Write(2, Chunk(2), store: restarted);
        Assert.Equal(change < 0 ? [1] : [], restarted.Missing(Key, "north", _manifest));
    }

    [Fact]
    public void Processes_that_share_the_folder_complete_one_update_together()
    {
        Write(0, Chunk(0), store: new UploadStore(_folder.Path, "silo-1"));
        Write(2, Chunk(2), store: new UploadStore(_folder.Path, "silo-2"));
        Write(1, Chunk(1), store: new UploadStore(_folder.Path, "silo-1"));
        Assert.Empty(_store.Missing(Key, "north", _manifest));
        using var source = _store.Source(Key, new Dictionary<string, UpdateManifest> { ["north"] = _manifest });
        var read = new byte[Payload.Length];
        source.Read("north", 0, read);
        Assert.True(read.AsSpan().SequenceEqual(Payload));
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
    public void An_update_that_became_shorter_or_lost_a_chunk_is_noticed()
    {
        Write(0, Chunk(0));
        Fails.With(ErrorCatalogue.ArtifactCorrupt, Open);
        Deliver();
        Open();
        using (var file = File.OpenWrite(Directory.GetFiles(_folder.Path, "update", SearchOption.AllDirectories).Single()))
        {
            file.SetLength(10);
        }

        Fails.With(ErrorCatalogue.ArtifactCorrupt, Open);

        void Open() => _store.Source(Key, new Dictionary<string, UpdateManifest> { ["north"] = _manifest }).Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(70_000)]
    [InlineData(Protocol.UpdateChunkBytes - 1)]
    public void A_chunk_that_the_disk_altered_is_noticed_where_it_was_altered_every_time_it_is_read(int at)
    {
        Deliver();
        var file = Directory.GetFiles(_folder.Path, "update", SearchOption.AllDirectories).Single();
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_update_is_added_the_same_whether_the_system_has_it_in_memory_or_on_the_disk_only(bool dropped)
    {
        Deliver();
        var file = Directory.GetFiles(_folder.Path, "update", SearchOption.AllDirectories).Single();
        if (dropped)
        {
            Drop(file);
        }

        using (var handle = File.OpenHandle(file))
        using (var mapped = new MappedFile(handle))
        {
            Assert.Equal(!dropped, mapped.IsCached(0, Protocol.UpdateChunkBytes));
        }

        // Begins and ends in the middle of a block, and passes from one window to the next.
        const int offset = 1000;
        var sum = new int[(Payload.Length / sizeof(int)) - offset - 77];
        Array.Fill(sum, 5);
        using var source = _store.Source(Key, new Dictionary<string, UpdateManifest> { ["north"] = _manifest });
        for (var done = 0; done < sum.Length;)
        {
            done += source.Add(sum.AsSpan(done), "north", (offset + done) * sizeof(int), isFirst: false);
        }

        var expected = MemoryMarshal.Cast<byte, int>(Payload.AsSpan(0, Payload.Length / sizeof(int) * sizeof(int))).Slice(offset, sum.Length);
        for (var i = 0; i < sum.Length; i++)
        {
            Assert.Equal(unchecked(expected[i] + 5), sum[i]);
        }
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 100)]
    [InlineData(true, 100)]
    public void A_bit_that_the_disk_turned_is_found_when_it_is_added(bool dropped, int begin)
    {
        Deliver();
        var file = Directory.GetFiles(_folder.Path, "update", SearchOption.AllDirectories).Single();
        using (var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.Write(handle, [(byte)(Payload[5000] ^ 4)], 5000);
            RandomAccess.FlushToDisk(handle);
        }

        if (dropped)
        {
            Drop(file);
        }

        using var source = _store.Source(Key, new Dictionary<string, UpdateManifest> { ["north"] = _manifest });
        Fails.With(ErrorCatalogue.ArtifactCorrupt, () => source.Add(new int[10000], "north", begin * sizeof(int), isFirst: true));
        Assert.Equal(4096, source.Add(new int[10000], "north", 16384, isFirst: true));
    }

    [Fact]
    public void A_chunk_that_comes_byte_by_byte_is_the_same()
    {
        var sink = _store.Open(Key, "north", _manifest);
        using (var writer = sink.Begin(2, 0))
        {
            for (var i = 0; i < Chunk(2).Length; i++)
            {
                writer.Append(Chunk(2).AsMemory(i, 1));
            }

            Assert.True(((IAsyncResult)sink.FinishAsync(writer, resumed: false)).AsyncWaitHandle.WaitOne(TimeSpan.FromSeconds(30)));
        }

        _store.Close(Key, "north", sink);
        Assert.Equal([0, 1], _store.Missing(Key, "north", _manifest));
        var file = Directory.GetFiles(_folder.Path, "update", SearchOption.AllDirectories).Single();
        Assert.Equal(Chunk(2), File.ReadAllBytes(file)[(2 * Protocol.UpdateChunkBytes)..]);
    }

    /// <summary>Asks the system to forget what it holds of a file.</summary>
    private static void Drop(string file)
    {
        using var process = Process.Start("dd", [$"if={file}", "iflag=nocache", "count=0", "status=none"]);
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)) && process.ExitCode == 0);
    }

    private static byte[] Chunk(int index) => Payload[(index * Protocol.UpdateChunkBytes)..Math.Min(Payload.Length, (index + 1) * Protocol.UpdateChunkBytes)];

    private void Write(int index, byte[] bytes, int offset = 0, UploadStore? store = null)
    {
        store ??= _store;
        var sink = store.Open(Key, "north", _manifest);
        try
        {
            using var writer = sink.Begin(index, offset);
            writer.Append(bytes.AsMemory(offset));
            var delivered = sink.FinishAsync(writer, offset > 0);
            Assert.True(((IAsyncResult)delivered).AsyncWaitHandle.WaitOne(TimeSpan.FromSeconds(30)));
            Assert.True(delivered.IsCompletedSuccessfully);
        }
        finally
        {
            store.Close(Key, "north", sink);
        }
    }

    private void Deliver()
    {
        for (var i = 0; i < 3; i++)
        {
            Write(i, Chunk(i));
        }
    }
}
