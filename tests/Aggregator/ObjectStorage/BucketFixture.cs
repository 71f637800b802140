using BrainMVP.Federated.Aggregator.ObjectStorage;
using BrainMVP.Federated.Tests.ObjectStorage;

namespace BrainMVP.Federated.Aggregator.Tests.ObjectStorage;

/// <summary>A real S3-speaking server for the tests of a class; each test takes a prefix of its own.</summary>
public sealed class BucketFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ObjectServer? _server;
    private int _prefixes;

    public BucketFixture()
    {
        _server = ObjectServer.Absent() is null ? new ObjectServer(_folder["bucket"]) : null;
    }

    /// <summary>The server; the test is skipped where there is none.</summary>
    public ObjectServer Server
    {
        get
        {
            Assert.SkipWhen(_server is null, ObjectServer.Absent() ?? "");
            return _server!;
        }
    }

    /// <summary>A part of the bucket that nobody else uses.</summary>
    public S3Location Place() => Locate($"{Server.Url}/{Interlocked.Increment(ref _prefixes)}");

    public S3ObjectStore Store() => new(Place(), TimeProvider.System);

    public static S3Location Locate(string url) => S3Location.Parse(url, v => v.EndsWith("REGION", StringComparison.Ordinal) ? null : ObjectServer.Key)!;

    public void Dispose()
    {
        _server?.Dispose();
        _folder.Dispose();
    }
}
