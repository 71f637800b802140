using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>
/// An update while it is received, shared by the streams that bring it. Chunks go to their places in one file whose room
/// is taken beforehand. While one group of chunks is synced the next gathers, so that a slow disk is asked seldom and
/// nobody waits longer than two syncs.
/// </summary>
public sealed class UpdateSink : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Lock _journalGate = new();
    private readonly Lock _fetchGate = new();
    private readonly UpdateManifest _manifest;
    private readonly SafeFileHandle _data;
    private readonly ChunkJournal _journal;
    private readonly ChunkObjects? _objects;
    private readonly Dictionary<int, Task> _verified;
    private readonly HashSet<int> _claimed = [];
    private List<(ChunkRecord Record, TaskCompletionSource Done)> _gathered = [];
    private bool _syncing;

    /// <param name="folder">Folder of the update; created when missing.</param>
    /// <param name="manifest">What is expected.</param>
    /// <param name="writer">Name of this process.</param>
    /// <param name="partials">Bytes of chunks that broken streams left, by index; kept by the caller.</param>
    /// <param name="objects">Where chunks are kept besides; null for the folder alone.</param>
    /// <exception cref="FederationException">BMF-1403 when the disk has no room for the whole update.</exception>
    public UpdateSink(string folder, UpdateManifest manifest, string writer, Dictionary<int, int> partials, ChunkObjects? objects = null)
    {
        (_manifest, Partials, _objects) = (manifest, partials, objects);
        _verified = ChunkJournal.Read(folder, manifest).Keys.ToDictionary(c => c, _ => Task.CompletedTask);
        _data = OpenData(folder, manifest.Bytes);
        try
        {
            _journal = new ChunkJournal(folder, writer);
            SyncFolders(folder);
        }
        catch (IOException e) when (DurableFile.IsDiskFull(e))
        {
            _data.Dispose();
            throw Full(e);
        }
    }

    /// <summary>Streams that use it; the store counts.</summary>
    public int Users { get; set; }

    private Dictionary<int, int> Partials { get; }

    /// <summary>Begins a chunk, or goes on with one. No two streams write the same chunk: one's verified bytes would be overwritten by the other's.</summary>
    /// <param name="chunk">Index of the chunk.</param>
    /// <param name="offset">Bytes of it that the sender counts as delivered.</param>
    /// <returns>Takes the chunk's bytes; one that came before is only compared.</returns>
    /// <exception cref="FederationException">BMF-1402 for a chunk that is not in the manifest, BMF-1404 when it must be announced again.</exception>
    public ChunkWriter Begin(int chunk, int offset)
    {
        if (chunk < 0 || chunk >= _manifest.Chunks.Count || offset < 0 || offset >= UploadStore.LengthOf(_manifest, chunk))
        {
            throw ErrorCatalogue.ArtifactCorrupt.With($"Chunk {chunk} from byte {offset} is not in the manifest of {_manifest.Site}.");
        }

        Task? delivered;
        lock (_gate)
        {
            if (!_verified.TryGetValue(chunk, out delivered))
            {
                Claim(chunk, offset);
            }
        }

        var writer = new ChunkWriter(_data, chunk, (long)chunk * Protocol.UpdateChunkBytes, UploadStore.LengthOf(_manifest, chunk), delivered);
        writer.Continue(offset);
        return writer;
    }

    /// <summary>Checks a chunk that is complete; the task ends when it is durable.</summary>
    /// <param name="writer">The chunk.</param>
    /// <param name="resumed">True when an earlier stream brought its beginning: nobody knows which of the two was wrong then.</param>
    /// <exception cref="FederationException">BMF-1402 when the bytes are not those of the manifest; they are forgotten.</exception>
    public Task FinishAsync(ChunkWriter writer, bool resumed)
    {
        var record = writer.Finish();
        lock (_gate)
        {
            if (writer.Delivered is null)
            {
                _claimed.Remove(writer.Chunk);
            }

            if (record.Hash != _manifest.Chunks[writer.Chunk])
            {
                throw resumed
                    ? ErrorCatalogue.StorageUnavailable.With($"Chunk {writer.Chunk} of {_manifest.Site} did not survive the broken stream; announce the upload again.")
                    : ErrorCatalogue.ArtifactCorrupt.With($"Chunk {writer.Chunk} of {_manifest.Site} does not match its manifest.");
            }

            if (writer.Delivered is { } delivered)
            {
                return delivered;
            }

            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _gathered.Add((record, done));
            _verified.Add(writer.Chunk, done.Task);
            if (!_syncing)
            {
                _syncing = true;
                _ = Task.Run(SyncGathered);
            }

            return done.Task;
        }
    }

    /// <summary>Lets go of a chunk whose stream broke; what is there of it counts for the next.</summary>
    public void Leave(ChunkWriter writer)
    {
        if (writer.Delivered is not null)
        {
            return;
        }

        var written = false;
        try
        {
            writer.Flush();
            written = true;
        }
        catch (IOException)
        {
            // Then the next stream brings it from its beginning.
        }

        lock (_gate)
        {
            _claimed.Remove(writer.Chunk);
            if (written && writer.Filled > 0)
            {
                Partials[writer.Chunk] = writer.Filled;
            }
        }
    }

    /// <summary>Brings chunks from the object store that no stream brought here; whoever else asks for them waits.</summary>
    /// <exception cref="FederationException">BMF-1403, BMF-1404.</exception>
    public void Fetch()
    {
        lock (_fetchGate)
        {
            FetchMissing();
        }
    }

    private void FetchMissing()
    {
        int[] wanted;
        lock (_gate)
        {
            wanted = [.. Enumerable.Range(0, _manifest.Chunks.Count).Where(c => !_verified.ContainsKey(c) && !_claimed.Contains(c))];
            _claimed.UnionWith(wanted);
        }

        var records = new List<ChunkRecord>();
        try
        {
            _objects?.Get(_manifest, wanted, (chunk, bytes) =>
            {
                using var writer = new ChunkWriter(_data, chunk, (long)chunk * Protocol.UpdateChunkBytes, bytes.Length);
                writer.Append(bytes);
                lock (_gate)
                {
                    records.Add(writer.Finish());
                }
            });
            RandomAccess.FlushToDisk(_data);
            Append(records);
            lock (_gate)
            {
                foreach (var record in records)
                {
                    _verified.Add(record.Chunk, Task.CompletedTask);
                }
            }
        }
        catch (IOException e) when (DurableFile.IsDiskFull(e))
        {
            throw Full(e);
        }
        finally
        {
            lock (_gate)
            {
                _claimed.ExceptWith(wanted);
            }
        }
    }

    /// <summary>Closes the files; no chunk may be under way.</summary>
    public void Dispose()
    {
        _journal.Dispose();
        _data.Dispose();
    }

    /// <summary>Notes that a stream sends a chunk, under the lock.</summary>
    private void Claim(int chunk, int offset)
    {
        if (offset != 0 && Partials.GetValueOrDefault(chunk) != offset)
        {
            throw ErrorCatalogue.StorageUnavailable.With($"The first {offset} bytes of chunk {chunk} of {_manifest.Site} are not here; announce the upload again.");
        }

        if (!_claimed.Add(chunk))
        {
            throw ErrorCatalogue.StorageUnavailable.With($"Another stream of {_manifest.Site} sends chunk {chunk}; announce the upload again.");
        }

        Partials.Remove(chunk);
    }

    private static SafeFileHandle OpenData(string folder, long bytes)
    {
        var path = UploadStore.DataPath(folder);
        try
        {
            Directory.CreateDirectory(folder);
            if (!File.Exists(path))
            {
                using var created = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite, FileOptions.None, preallocationSize: bytes);
                RandomAccess.SetLength(created, bytes);
            }
        }
        catch (IOException e) when (DurableFile.IsDiskFull(e))
        {
            throw Full(e);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was faster.
        }

        var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        if (RandomAccess.GetLength(file) < bytes)
        {
            // A process that died right after it made the file.
            RandomAccess.SetLength(file, bytes);
        }

        return file;
    }

    private static FederationException Full(IOException e) => ErrorCatalogue.DiskFull.With($"The update does not fit: {e.Message}", e);

    /// <summary>The folders of the update, its round and its run: their names must be durable as well.</summary>
    private static void SyncFolders(string folder)
    {
        for (var (at, level) = (folder, 0); level < 4 && at is not null; level++)
        {
            DurableFile.SyncFolder(at);
            at = Path.GetDirectoryName(at);
        }
    }

    private void Append(IReadOnlyCollection<ChunkRecord> records)
    {
        lock (_journalGate)
        {
            _journal.Append(records);
        }
    }

    private byte[] ReadChunk(int chunk)
    {
        var bytes = new byte[UploadStore.LengthOf(_manifest, chunk)];
        for (var done = 0; done < bytes.Length;)
        {
            var read = RandomAccess.Read(_data, bytes.AsSpan(done), ((long)chunk * Protocol.UpdateChunkBytes) + done);
            done += read > 0 ? read : throw new IOException($"chunk {chunk} has become shorter");
        }

        return bytes;
    }

    private void SyncGathered()
    {
        while (true)
        {
            List<(ChunkRecord Record, TaskCompletionSource Done)> group;
            lock (_gate)
            {
                if (_gathered.Count == 0)
                {
                    _syncing = false;
                    return;
                }

                (group, _gathered) = (_gathered, []);
            }

            Exception? failure = null;
            try
            {
                RandomAccess.FlushToDisk(_data);
                _objects?.Put(_manifest, [.. group.Select(g => g.Record.Chunk)], ReadChunk);
                Append([.. group.Select(g => g.Record)]);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or FederationException)
            {
                failure = e is FederationException ? e : e is IOException full && DurableFile.IsDiskFull(full) ? Full(full) : ErrorCatalogue.StorageUnavailable.With($"Chunks of {_manifest.Site} could not be stored: {e.Message}", e);
            }

            lock (_gate)
            {
                foreach (var (record, _) in group.Where(_ => failure is not null))
                {
                    _verified.Remove(record.Chunk);
                }
            }

            foreach (var (_, done) in group)
            {
                if (failure is null)
                {
                    done.SetResult();
                }
                else
                {
                    done.SetException(failure);
                }
            }
        }
    }
}
