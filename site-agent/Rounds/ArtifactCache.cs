using System.Security.Cryptography;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Transport;
using BrainMVP.Federated.Trust.Transport;
using Grpc.Core;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>Models and templates on the site's disk, named by their SHA-256. A cut download goes on where it ended.</summary>
public sealed class ArtifactCache(string folder, SiteLink link, TimeProvider time, TransferLimits limits)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(8);

    /// <summary>Path of an artifact, fetched when it is not there yet.</summary>
    /// <param name="hash">64 lower-case hexadecimal digits.</param>
    /// <param name="report">Told the bytes done and the bytes in total.</param>
    /// <exception cref="FederationException">BMF-1401, BMF-1402, BMF-1403, BMF-1407.</exception>
    public async Task<string> GetAsync(string hash, Action<long, long> report, CancellationToken cancellation)
    {
        if (hash.Length != 64 || hash.Any(c => !char.IsAsciiHexDigitLower(c)))
        {
            throw ErrorCatalogue.DocumentInvalid.With($"\"{hash}\" is not an artifact's name.");
        }

        var path = Path.Combine(folder, hash);
        if (File.Exists(path))
        {
            return path;
        }

        var stat = await link.Calls.CallAsync(link.Control, o => new ArtifactService.ArtifactServiceClient(link.Control.Invoker).StatAsync(new StatRequest { Hash = hash }, o), cancellation);
        return await FetchAsync(hash, stat.Bytes, report, cancellation);
    }

    /// <summary>Whether an artifact is here.</summary>
    public bool Has(string hash) => File.Exists(Path.Combine(folder, hash));

    /// <summary>Keeps what is written as an artifact, if it has the artifact's name.</summary>
    /// <returns>Its path; null when the bytes have another hash, and nothing is kept then.</returns>
    /// <exception cref="FederationException">BMF-1403.</exception>
    public async Task<string?> MakeAsync(string hash, Action<Stream> write, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, hash);
        var made = path + ".made";
        try
        {
            var fits = false;
            await using (var file = new FileStream(made, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16))
            {
                write(file);
                file.Flush(flushToDisk: true);
                file.Position = 0;
                fits = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation)) == hash;
            }

            if (fits)
            {
                DurableFile.Publish(made, path);
                return path;
            }

            File.Delete(made);
            return null;
        }
        catch (IOException e) when (DurableFile.IsDiskFull(e))
        {
            File.Delete(made);
            throw ErrorCatalogue.DiskFull.With($"Making {hash}: {e.Message}", e);
        }
    }

    /// <summary>Fetches an artifact of known length, in as many streams as it takes.</summary>
    internal async Task<string> FetchAsync(string hash, long bytes, Action<long, long> report, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, hash);
        var partial = path + ".partial";
        for (var failures = 0; ;)
        {
            try
            {
                if (await DownloadAsync(hash, partial, bytes, report, cancellation))
                {
                    DurableFile.Publish(partial, path);
                    return path;
                }

                // The bytes were wrong and are gone; one more try from the beginning.
                failures++;
            }
            catch (Exception e) when (RpcErrors.IsTransient(e) && !cancellation.IsCancellationRequested)
            {
                failures++;
            }
            catch (RpcException e) when (!cancellation.IsCancellationRequested)
            {
                throw RpcErrors.Translate(e);
            }
            catch (IOException e) when (DurableFile.IsDiskFull(e))
            {
                throw ErrorCatalogue.DiskFull.With($"Fetching {hash}: {e.Message}", e);
            }

            if (failures >= limits.Tries)
            {
                throw File.Exists(partial) ? ErrorCatalogue.Unreachable.With($"Artifact {hash} could not be fetched.") : ErrorCatalogue.ArtifactCorrupt.With($"Artifact {hash} arrived with other bytes than its name says.");
            }

            await Task.Delay(Backoff.After(failures, LongestWait), time, cancellation);
        }
    }

    /// <summary>Deletes one artifact.</summary>
    public void Drop(string hash) => File.Delete(Path.Combine(folder, hash));

    /// <summary>Deletes all artifacts but the named ones.</summary>
    public void Keep(IReadOnlySet<string> hashes)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var file in Directory.EnumerateFiles(folder))
        {
            if (!hashes.Contains(Path.GetFileName(file)))
            {
                File.Delete(file);
            }
        }
    }

    private async Task<bool> DownloadAsync(string hash, string partial, long bytes, Action<long, long> report, CancellationToken cancellation)
    {
        using (var file = File.OpenHandle(partial, FileMode.OpenOrCreate, FileAccess.ReadWrite))
        {
            if (RandomAccess.GetLength(file) > bytes)
            {
                RandomAccess.SetLength(file, 0);
            }

            using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var there = HashExisting(file, digest, cancellation);
            report(there, bytes);
            if (there < bytes)
            {
                await using var arriving = new ArrivingFile(file, there, digest);
                there = await ReceiveAsync(hash, there, bytes, arriving, report, cancellation);
            }

            if (there < bytes)
            {
                return false;
            }

            if (Convert.ToHexStringLower(digest.GetHashAndReset()) == hash)
            {
                return true;
            }
        }

        File.Delete(partial);
        return false;
    }

    /// <summary>Passes on what one stream brings.</summary>
    /// <returns>Bytes of the artifact that are there.</returns>
    private async Task<long> ReceiveAsync(string hash, long there, long bytes, ArrivingFile arriving, Action<long, long> report, CancellationToken cancellation)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(limits.Silence);
        using var call = link.Download(new DownloadRequest { Hash = hash, Offset = there }, new CallOptions(deadline: (time.GetUtcNow() + limits.Total).UtcDateTime, cancellationToken: silence.Token));
        try
        {
            await foreach (var part in call.ResponseStream.ReadAllAsync(silence.Token))
            {
                if (there + part.Data.Length > bytes)
                {
                    throw ErrorCatalogue.ArtifactCorrupt.With($"Artifact {hash} is longer than the {bytes} bytes that were announced.");
                }

                await link.Bandwidth.DownAsync(part.Data.Length, silence.Token);
                await arriving.AddAsync(part.Data.Memory, silence.Token);
                there += part.Data.Length;
                report(there, bytes);
                silence.CancelAfter(limits.Silence);
            }
        }
        catch (Exception) when (silence.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw ErrorCatalogue.Unreachable.With($"The download of {hash} fell silent.");
        }

        return there;
    }

    private static long HashExisting(SafeFileHandle file, IncrementalHash digest, CancellationToken cancellation)
    {
        var buffer = new byte[1 << 16];
        long done = 0;
        while (RandomAccess.Read(file, buffer, done) is > 0 and var read)
        {
            cancellation.ThrowIfCancellationRequested();
            digest.AppendData(buffer.AsSpan(0, read));
            done += read;
        }

        return done;
    }
}
