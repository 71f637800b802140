using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using BrainMVP.Federated.Aggregator.ObjectStorage;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Aggregator.Tests.ObjectStorage;

public sealed class S3ObjectStoreTests(BucketFixture bucket) : IClassFixture<BucketFixture>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData((4 << 20) + 1)]
    [InlineData(20 << 20)]
    public void What_was_stored_comes_back_byte_by_byte(int bytes)
    {
        using var store = bucket.Store();
        var content = Enumerable.Range(0, bytes).Select(i => (byte)((i * 131) ^ (i >> 9))).ToArray();
        File.WriteAllBytes(_folder["from"], content);
        store.Put("a/file", _folder["from"]);
        store.Put("a/bytes", content);
        Assert.True(store.TryGet("a/file", _folder["to"]));
        Assert.Equal(content, File.ReadAllBytes(_folder["to"]));
        Assert.Equal(content, store.TryGet("a/bytes"));
        Assert.NotNull(store.StoredAt("a/bytes"));
        Assert.Equal(["a/bytes", "a/file"], store.List("a/"));
    }

    [Fact]
    public void What_is_not_there_is_no_error()
    {
        using var store = bucket.Store();
        Assert.Null(store.TryGet("none"));
        Assert.False(store.TryGet("none", _folder["none"]));
        Assert.False(File.Exists(_folder["none"]));
        Assert.Null(store.StoredAt("none"));
        Assert.Empty(store.List("none/"));
        store.Delete("none");
        store.Put("some", "x"u8.ToArray());
        store.Delete("some");
        Assert.Null(store.TryGet("some"));
    }

    [Fact]
    public void A_bucket_holds_more_names_than_one_answer_of_the_server()
    {
        using var store = bucket.Store();
        Parallel.For(0, 1100, i => store.Put($"many/{i:D5}", "x"u8.ToArray()));
        Assert.Equal(Enumerable.Range(0, 1100).Select(i => $"many/{i:D5}"), store.List("many/"));
    }

    [Fact]
    public void What_is_too_large_for_memory_is_not_fetched_into_it()
    {
        using var store = bucket.Store();
        using (var file = File.Create(_folder["large"]))
        {
            file.SetLength((32 << 20) + 1);
        }

        store.Put("large", _folder["large"]);
        Fails.With(ErrorCatalogue.ArtifactCorrupt, () => store.TryGet("large"));
        Assert.True(store.TryGet("large", _folder["fetched"]));
    }

    [Fact]
    public void An_unreachable_server_is_named_with_the_reason()
    {
        using var store = new S3ObjectStore(BucketFixture.Locate("http://127.0.0.1:1/bucket"), TimeProvider.System, TimeSpan.FromSeconds(1));
        var error = Fails.With(ErrorCatalogue.StorageUnavailable, store.RequireBucket);
        Assert.Contains("127.0.0.1:1/bucket", error.Message, StringComparison.Ordinal);
        Assert.Contains("refused", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_bucket_has_its_own_error()
    {
        using var store = new S3ObjectStore(bucket.Place() with { Bucket = "other-bucket" }, TimeProvider.System);
        Fails.With(ErrorCatalogue.BucketUnusable, store.RequireBucket);
    }

    [Fact]
    public void A_server_that_comes_back_within_the_deadline_is_waited_for()
    {
        using var store = bucket.Store();
        store.Put("before", "x"u8.ToArray());
        bucket.Server.Kill();
        var back = Task.Run(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
            bucket.Server.Restart();
        }, TestContext.Current.CancellationToken);
        Assert.Equal("x"u8.ToArray(), store.TryGet("before"));
        Assert.True(back.IsCompleted);
    }

    /// <summary>A peer that takes connections and never says anything.</summary>
    [Theory]
    [InlineData("bucket")]
    [InlineData("put")]
    [InlineData("get")]
    [InlineData("list")]
    [InlineData("stat")]
    [InlineData("delete")]
    public void A_silent_server_ends_every_call_at_its_deadline(string call)
    {
        using var hole = new TcpListener(IPAddress.Loopback, 0);
        hole.Start();
        using var store = new S3ObjectStore(BucketFixture.Locate($"http://127.0.0.1:{((IPEndPoint)hole.LocalEndpoint).Port}/bucket"), TimeProvider.System, TimeSpan.FromSeconds(1));
        var began = Stopwatch.GetTimestamp();
        Fails.With(ErrorCatalogue.StorageUnavailable, () =>
        {
            switch (call)
            {
                case "bucket":
                    store.RequireBucket();
                    break;
                case "put":
                    store.Put("x", new byte[1 << 20]);
                    break;
                case "get":
                    store.TryGet("x");
                    break;
                case "list":
                    store.List("x");
                    break;
                case "stat":
                    store.StoredAt("x");
                    break;
                default:
                    store.Delete("x");
                    break;
            }
        });

        // Far from hanging; the deadline itself is 1 s, and 1 s more for the MiB.
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60));
    }

    [Theory]
    [InlineData("ftp://host/bucket")]
    [InlineData("http://host.example/bucket")]
    [InlineData("https://host.example")]
    [InlineData("https://key:secret@host.example/bucket")]
    [InlineData("bucket")]
    public void An_address_that_cannot_be_used_is_refused(string url) => Fails.With(ErrorCatalogue.ArgumentInvalid, () => BucketFixture.Locate(url));

    [Fact]
    public void Keys_come_from_the_environment_alone()
    {
        Fails.With(ErrorCatalogue.ArgumentInvalid, () => S3Location.Parse("https://host.example/bucket", _ => null));
        var place = S3Location.Parse("https://host.example:9000/bucket/part/of/it", v => v)!;
        Assert.Equal(("bucket", "part/of/it/", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), (place.Bucket, place.Prefix, place.Region, place.AccessKey, place.SecretKey));
        Assert.DoesNotContain("SECRET", place.ToString(), StringComparison.Ordinal);
    }
}
