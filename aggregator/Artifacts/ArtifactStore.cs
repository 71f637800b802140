using System.Buffers;
using System.Security.Cryptography;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>
/// Bytes named by their SHA-256 in a folder. An artifact is written to a temporary file while it is hashed, synced,
/// renamed and the folder synced, before anyone learns its name.
/// </summary>
public sealed class ArtifactStore
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private readonly string _root;
    private readonly string _incoming;

    /// <param name="root">Folder; created when missing.</param>
    /// <param name="incoming">Folder of this process for temporary files, on the same file system; what an earlier one left is removed.</param>
    public ArtifactStore(string root, string? incoming = null)
    {
        _root = root;
        _incoming = incoming ?? Path.Combine(root, "incoming");
        Directory.CreateDirectory(_incoming);
        foreach (var left in Directory.EnumerateFiles(_incoming))
        {
            File.Delete(left);
        }
    }

    /// <summary>Where an artifact lies. The name must be 64 lower-case hexadecimal digits.</summary>
    /// <exception cref="FederationException">BMF-1401 when the name has another form.</exception>
    public string PathOf(string hash) => IsHash(hash)
        ? Path.Combine(_root, hash[..2], hash)
        : throw ErrorCatalogue.ArtifactMissing.With($"\"{hash}\" is not an artifact name.");

    public static bool IsHash(string? text) => text is { Length: 64 } && text.AsSpan().IndexOfAnyExcept(HexDigits) < 0;

    public bool Exists(string hash) => File.Exists(PathOf(hash));

    /// <summary>Length in bytes.</summary>
    /// <exception cref="FederationException">BMF-1401 when it is not in the store, BMF-1408 when it was given up.</exception>
    public long LengthOf(string hash)
    {
        var file = new FileInfo(PathOf(hash));
        return file.Exists
            ? file.Length
            : throw (File.Exists(Collected(hash)) ? ErrorCatalogue.ArtifactCollected : ErrorCatalogue.ArtifactMissing).With($"Artifact {hash}.");
    }

    /// <summary>When the artifact was last written or marked as used; null when it is not there.</summary>
    public DateTimeOffset? UnusedSince(string hash) => File.Exists(PathOf(hash)) ? new DateTimeOffset(File.GetLastWriteTimeUtc(PathOf(hash)), TimeSpan.Zero) : null;

    /// <summary>Says that the artifact is about to be used, which spares it from collection for a while.</summary>
    /// <exception cref="FederationException">BMF-1401 when it is not in the store.</exception>
    public void Use(string hash, DateTimeOffset now)
    {
        LengthOf(hash);
        File.SetLastWriteTimeUtc(PathOf(hash), now.UtcDateTime);
    }

    /// <summary>Deletes an artifact and leaves a note that this was meant. Who still reads it reads to the end.</summary>
    public void Collect(string hash)
    {
        // Room first: on a full disk there may be none for the note.
        File.Delete(PathOf(hash));
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
        PathOf(expected);
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
            return Publish(temporary, hash);
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
        using var file = File.OpenRead(PathOf(hash));
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 18);
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int read;
        while ((read = file.Read(buffer)) > 0)
        {
            sha.AppendData(buffer, 0, read);
        }

        ArrayPool<byte>.Shared.Return(buffer);
        if (Convert.ToHexStringLower(sha.GetHashAndReset()) != hash)
        {
            throw ErrorCatalogue.ArtifactCorrupt.With($"Artifact {hash} has changed on disk.");
        }
    }

    private string Collected(string hash) => PathOf(hash) + ".collected";

    private string Publish(string temporary, string hash)
    {
        var target = PathOf(hash);
        var folder = Path.GetDirectoryName(target)!;
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            DurableFile.SyncFolder(_root);
        }

        DurableFile.Publish(temporary, target);
        return hash;
    }
}
