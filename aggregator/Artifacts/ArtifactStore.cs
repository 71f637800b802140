using System.Buffers;
using System.Security.Cryptography;
using BrainMVP.Federated.Aggregator.ObjectStorage;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>
/// Bytes named by their SHA-256 in a folder. An artifact is written to a temporary file while it is hashed, synced,
/// renamed and the folder synced, before anyone learns its name. With an object store it is there before that, and the
/// folder holds what this process needed of it.
/// </summary>
public sealed class ArtifactStore
{
    private const string Kind = "artifacts/";
    private const string CollectedMark = ".collected";
    private const string UsedMark = ".used";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private readonly string _root;
    private readonly string _incoming;
    private readonly IObjectStore? _objects;
    private readonly Lock[] _fetching = [.. Enumerable.Range(0, 64).Select(_ => new Lock())];

    /// <param name="root">Folder; created when missing.</param>
    /// <param name="incoming">Folder of this process for temporary files, on the same file system; what an earlier one left is removed.</param>
    /// <param name="objects">Where artifacts are kept besides; null for the folder alone.</param>
    public ArtifactStore(string root, string? incoming = null, IObjectStore? objects = null)
    {
        _root = root;
        _objects = objects;
        _incoming = incoming ?? Path.Combine(root, "incoming");
        Directory.CreateDirectory(_incoming);
        foreach (var left in Directory.EnumerateFiles(_incoming))
        {
            File.Delete(left);
        }
    }

    /// <summary>Where an artifact lies, fetched when it is in the object store only. The name must be 64 lower-case hexadecimal digits.</summary>
    /// <exception cref="FederationException">BMF-1401 when the name has another form; with an object store BMF-1402, BMF-1403 and BMF-1404.</exception>
    public string PathOf(string hash)
    {
        Fetch(hash);
        return Local(hash);
    }

    public static bool IsHash(string? text) => text is { Length: 64 } && text.AsSpan().IndexOfAnyExcept(HexDigits) < 0;

    public bool Exists(string hash) => File.Exists(Local(hash)) || _objects?.StoredAt(NameOf(hash)) is not null;

    /// <summary>Length in bytes.</summary>
    /// <exception cref="FederationException">BMF-1401 when it is not in the store, BMF-1408 when it was given up.</exception>
    public long LengthOf(string hash)
    {
        var file = new FileInfo(PathOf(hash));
        return file.Exists
            ? file.Length
            : throw (WasCollected(hash) ? ErrorCatalogue.ArtifactCollected : ErrorCatalogue.ArtifactMissing).With($"Artifact {hash}.");
    }

    /// <summary>When the artifact was last written or marked as used; null when it is not there.</summary>
    public DateTimeOffset? UnusedSince(string hash)
    {
        DateTimeOffset? here = File.Exists(Local(hash)) ? new DateTimeOffset(File.GetLastWriteTimeUtc(Local(hash)), TimeSpan.Zero) : null;
        if (_objects is null || File.Exists(Collected(hash)))
        {
            return here;
        }

        // Another silo may have used it since.
        var stored = here ?? _objects.StoredAt(NameOf(hash));
        return stored is not null && _objects.StoredAt(NameOf(hash) + UsedMark) is { } used && used > stored ? used : stored;
    }

    /// <summary>Says that the artifact is about to be used, which spares it from collection for a while.</summary>
    /// <exception cref="FederationException">BMF-1401 when it is not in the store.</exception>
    public void Use(string hash, DateTimeOffset now)
    {
        LengthOf(hash);
        _objects?.Put(NameOf(hash) + UsedMark, "used"u8.ToArray());
        File.SetLastWriteTimeUtc(Local(hash), now.UtcDateTime);
    }

    /// <summary>Deletes an artifact and leaves a note that this was meant. Who still reads it reads to the end.</summary>
    public void Collect(string hash)
    {
        _objects?.Put(NameOf(hash) + CollectedMark, "collected"u8.ToArray());
        _objects?.Delete(NameOf(hash));
        _objects?.Delete(NameOf(hash) + UsedMark);

        // Room first: on a full disk there may be none for the note.
        File.Delete(Local(hash));
        Directory.CreateDirectory(Path.GetDirectoryName(Local(hash))!);
        File.WriteAllText(Collected(hash), "");
    }

    /// <summary>Stores what is written to the stream and returns its name.</summary>
    /// <exception cref="FederationException">BMF-1403 when the disk is full.</exception>
    public string Put(Action<Stream> write)
    {
        var temporary = Path.Combine(_incoming, Guid.NewGuid().ToString("N"));
        try
        {
            string hash;
            using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            using (var hashing = new HashingStream(file))
            {
                write(hashing);
                hash = hashing.Finish();
                file.Flush(flushToDisk: true);
            }

            return Publish(temporary, hash);
        }
        catch (IOException e) when (DurableFile.IsDiskFull(e))
        {
            File.Delete(temporary);
            throw ErrorCatalogue.DiskFull.With($"Storing an artifact failed: {e.Message}", e);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Stores bytes that arrive in pieces and returns their name.</summary>
    /// <exception cref="FederationException">BMF-1402 when the bytes do not have the expected name; nothing is kept.</exception>
    public async Task<string> PutAsync(string expected, IAsyncEnumerable<ReadOnlyMemory<byte>> pieces, CancellationToken cancellation)
    {
        Local(expected);
        var temporary = Path.Combine(_incoming, Guid.NewGuid().ToString("N"));
        try
        {
            using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                await foreach (var piece in pieces.WithCancellation(cancellation))
                {
                    sha.AppendData(piece.Span);
                    await file.WriteAsync(piece, cancellation);
                }

                file.Flush(flushToDisk: true);
            }

            var hash = Convert.ToHexStringLower(sha.GetHashAndReset());
            if (hash != expected)
            {
                throw ErrorCatalogue.ArtifactCorrupt.With($"The bytes have the hash {hash}, announced was {expected}.");
            }

            // Also over an existing file: bytes that were verified just now replace a copy that the disk may have damaged.
            return await Task.Run(() => Publish(temporary, hash), cancellation);
        }
        catch (IOException e) when (DurableFile.IsDiskFull(e))
        {
            throw ErrorCatalogue.DiskFull.With($"Storing artifact {expected} failed: {e.Message}", e);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Checks that the stored bytes still have their name.</summary>
    /// <exception cref="FederationException">BMF-1401 or BMF-1402.</exception>
    public void Verify(string hash)
    {
        LengthOf(hash);
        if (HashOf(Local(hash)) != hash)
        {
            throw ErrorCatalogue.ArtifactCorrupt.With($"Artifact {hash} has changed on disk.");
        }
    }

    /// <summary>Stores in the object store what the folder had before there was one.</summary>
    public void Share()
    {
        var there = _objects!.List(Kind).ToHashSet(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories).Where(f => IsHash(Path.GetFileName(f)) && !there.Contains(NameOf(Path.GetFileName(f)))))
        {
            _objects.Put(NameOf(Path.GetFileName(path)), path);
        }
    }

    private static string NameOf(string hash) => $"{Kind}{hash[..2]}/{hash}";

    private string Local(string hash) => IsHash(hash)
        ? Path.Combine(_root, hash[..2], hash)
        : throw ErrorCatalogue.ArtifactMissing.With($"\"{hash}\" is not an artifact name.");

    private string Collected(string hash) => Local(hash) + CollectedMark;

    private bool WasCollected(string hash) => File.Exists(Collected(hash)) || _objects?.StoredAt(NameOf(hash) + CollectedMark) is not null;

    /// <summary>Brings an artifact into the folder, once however many ask for it.</summary>
    private void Fetch(string hash)
    {
        if (_objects is null || File.Exists(Local(hash)))
        {
            return;
        }

        lock (_fetching[Convert.ToInt32(hash[..2], 16) % _fetching.Length])
        {
            var temporary = Path.Combine(_incoming, Guid.NewGuid().ToString("N"));
            if (File.Exists(Local(hash)) || !_objects.TryGet(NameOf(hash), temporary))
            {
                return;
            }

            if (HashOf(temporary) != hash)
            {
                File.Delete(temporary);
                throw ErrorCatalogue.ArtifactCorrupt.With($"The bucket holds other bytes under the name of artifact {hash}.");
            }

            Keep(temporary, hash);
        }
    }

    private static string HashOf(string path)
    {
        using var file = File.OpenRead(path);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 18);
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int read;
        while ((read = file.Read(buffer)) > 0)
        {
            sha.AppendData(buffer, 0, read);
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return Convert.ToHexStringLower(sha.GetHashAndReset());
    }

    private string Publish(string temporary, string hash)
    {
        // Before anyone can see it here: what is in the folder is in the object store.
        _objects?.Put(NameOf(hash), temporary);
        Keep(temporary, hash);
        return hash;
    }

    private void Keep(string temporary, string hash)
    {
        var target = Local(hash);
        var folder = Path.GetDirectoryName(target)!;
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            DurableFile.SyncFolder(_root);
        }

        DurableFile.Publish(temporary, target);
    }
}
