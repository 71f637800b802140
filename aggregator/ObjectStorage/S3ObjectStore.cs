using System.Runtime.ExceptionServices;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Trust.Transport;
using Minio;
using Minio.DataModel.Args;
using Minio.Exceptions;

namespace BrainMVP.Federated.Aggregator.ObjectStorage;

/// <summary>A bucket of an S3-compatible store.</summary>
public sealed class S3ObjectStore : IObjectStore, IDisposable
{
    private const int Mebi = 1 << 20;

    /// <summary>Most bytes that are fetched into memory: chunks have 4 MiB, documents 8.</summary>
    private const long LargestInMemory = 32 * Mebi;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private readonly S3Location _location;
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;
    private readonly IMinioClient _client;

    /// <param name="location">The bucket.</param>
    /// <param name="time">Clock of the deadlines.</param>
    /// <param name="patience">Deadline of a call without its bytes; 30 s by default.</param>
    public S3ObjectStore(S3Location location, TimeProvider time, TimeSpan? patience = null)
    {
        (_location, _time, _patience) = (location, time, patience ?? TimeSpan.FromSeconds(30));

        // The deadlines are those of the calls, bytes included; the client's own would end long transfers.
        var http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(10), PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout.InfiniteTimeSpan };
        _client = new MinioClient()
            .WithEndpoint(location.Endpoint.Host, location.Endpoint.Port)
            .WithSSL(location.Endpoint.Scheme == Uri.UriSchemeHttps)
            .WithRegion(location.Region)
            .WithCredentials(location.AccessKey, location.SecretKey)
            .WithHttpClient(http, disposeHttpClient: true)
            .WithTimeout(int.MaxValue)
            .Build();
    }

    /// <summary>Checks that the bucket is there.</summary>
    /// <exception cref="FederationException">BMF-1409, BMF-1404.</exception>
    public void RequireBucket()
    {
        if (!Run("the bucket is looked for", 0, limit => _client.BucketExistsAsync(new BucketExistsArgs().WithBucket(_location.Bucket), limit)))
        {
            throw ErrorCatalogue.BucketUnusable.With($"There is no bucket {_location.Bucket} at {_location.Endpoint}.");
        }
    }

    public void Put(string name, string path) => Run($"{name} is stored", new FileInfo(path).Length, async limit =>
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 18, FileOptions.Asynchronous | FileOptions.SequentialScan);
        await PutAsync(name, file, limit);
        return true;
    });

    public void Put(string name, ReadOnlyMemory<byte> bytes) => Run($"{name} is stored", bytes.Length, async limit =>
    {
        await using var content = new MemoryStream(bytes.ToArray(), writable: false);
        await PutAsync(name, content, limit);
        return true;
    });

    public bool TryGet(string name, string path)
    {
        if (StatOf(name) is not { } stat)
        {
            return false;
        }

        return Run($"{name} is fetched", stat.Size, async limit =>
        {
            try
            {
                await using (var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 18))
                {
                    await GetAsync(name, (from, token) => from.CopyToAsync(file, 1 << 18, token), limit);
                    file.Flush(flushToDisk: true);
                }

                return true;
            }
            catch (ObjectNotFoundException)
            {
                File.Delete(path);
                return false;
            }
            catch (IOException e) when (DurableFile.IsDiskFull(e))
            {
                File.Delete(path);
                throw ErrorCatalogue.DiskFull.With($"Fetching {name}: {e.Message}", e);
            }
            catch
            {
                File.Delete(path);
                throw;
            }
        });
    }

    public byte[]? TryGet(string name)
    {
        if (StatOf(name) is not { } stat)
        {
            return null;
        }

        if (stat.Size > LargestInMemory)
        {
            throw ErrorCatalogue.ArtifactCorrupt.With($"{_location}{name} has {stat.Size} bytes; nothing that is stored under such a name has more than {LargestInMemory}.");
        }

        return Run($"{name} is fetched", stat.Size, async limit =>
        {
            await using var content = new MemoryStream();
            try
            {
                await GetAsync(name, (from, token) => from.CopyToAsync(content, token), limit);
            }
            catch (ObjectNotFoundException)
            {
                return null;
            }

            return content.ToArray();
        });
    }

    public DateTimeOffset? StoredAt(string name) => StatOf(name)?.StoredAt;

    public IReadOnlyList<string> List(string prefix) => Run($"the names that begin with {prefix} are asked for", 0, async limit =>
    {
        var names = new List<string>();
        await foreach (var item in _client.ListObjectsEnumAsync(new ListObjectsArgs().WithBucket(_location.Bucket).WithPrefix(_location.Prefix + prefix).WithRecursive(true), limit))
        {
            names.Add(item.Key[_location.Prefix.Length..]);
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    });

    public void Delete(string name) => Run($"{name} is removed", 0, async limit =>
    {
        await _client.RemoveObjectAsync(new RemoveObjectArgs().WithBucket(_location.Bucket).WithObject(_location.Prefix + name), limit);
        return true;
    });

    public void Dispose() => _client.Dispose();

    private async Task PutAsync(string name, Stream content, CancellationToken limit) =>
        await _client.PutObjectAsync(new PutObjectArgs().WithBucket(_location.Bucket).WithObject(_location.Prefix + name).WithStreamData(content).WithObjectSize(content.Length).WithContentType("application/octet-stream"), limit);

    private async Task GetAsync(string name, Func<Stream, CancellationToken, Task> read, CancellationToken limit) =>
        await _client.GetObjectAsync(new GetObjectArgs().WithBucket(_location.Bucket).WithObject(_location.Prefix + name).WithCallbackStream(read), limit);

    private (long Size, DateTimeOffset StoredAt)? StatOf(string name) => Run<(long Size, DateTimeOffset StoredAt)?>($"{name} is looked for", 0, async limit =>
    {
        try
        {
            var stat = await _client.StatObjectAsync(new StatObjectArgs().WithBucket(_location.Bucket).WithObject(_location.Prefix + name), limit);
            return (stat.Size, new DateTimeOffset(DateTime.SpecifyKind(stat.LastModified, DateTimeKind.Utc)));
        }
        catch (ObjectNotFoundException)
        {
            return null;
        }
    });

    /// <summary>Calls until it works or the deadline is over. Callers hold no lock that the call could need.</summary>
    private T Run<T>(string what, long bytes, Func<CancellationToken, Task<T>> call)
    {
        var deadline = _patience + TimeSpan.FromSeconds((double)bytes / Mebi);
        T? result = default;
        ExceptionDispatchInfo? failure = null;
        var done = new ManualResetEventSlim();
        _ = Task.Run(async () =>
        {
            try
            {
                result = await TryAsync(what, deadline, call);
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
            finally
            {
                done.Set();
            }
        });

        // The call ends at its deadline by itself; a library that does not is left behind a moment later.
        if (!done.Wait(deadline + LongestWait))
        {
            throw Late(what, deadline, null);
        }

        failure?.Throw();
        return result!;
    }

    private async Task<T> TryAsync<T>(string what, TimeSpan deadline, Func<CancellationToken, Task<T>> call)
    {
        using var limit = new CancellationTokenSource(deadline, _time);
        Exception? last = null;
        for (var failures = 1; ; failures++)
        {
            try
            {
                return await call(limit.Token);
            }
            catch (Exception e) when (limit.IsCancellationRequested)
            {
                throw Late(what, deadline, last ?? e);
            }
            catch (Exception e) when (e is AccessDeniedException or AuthorizationException or InvalidBucketNameException or BucketNotFoundException or ForbiddenException)
            {
                throw ErrorCatalogue.BucketUnusable.With($"{_location} refuses when {what}: {e.Message}", e);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or MinioException or OperationCanceledException)
            {
                last = e;
                await Task.Delay(Backoff.After(failures, LongestWait), _time, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (limit.IsCancellationRequested)
                {
                    throw Late(what, deadline, e);
                }
            }
        }
    }

    private FederationException Late(string what, TimeSpan deadline, Exception? cause) => ErrorCatalogue.StorageUnavailable.With(
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{_location} did not answer within {deadline.TotalSeconds:F0} s when {what}{(cause is null or OperationCanceledException ? "" : ": " + cause.Message.TrimEnd('.'))}."), cause);
}
