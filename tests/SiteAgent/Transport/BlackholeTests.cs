using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Enrollment;
using BrainMVP.Federated.SiteAgent.Hosting;
using BrainMVP.Federated.SiteAgent.Rounds;
using BrainMVP.Federated.SiteAgent.Transport;
using BrainMVP.Federated.Trust.Certificates;
using BrainMVP.Federated.Trust.Transport;

namespace BrainMVP.Federated.SiteAgent.Tests.Transport;

/// <summary>
/// An aggregator that accepts connections and never says a word: every operation of a site and of an administrator ends
/// by itself with its numbered error. A hang would not end; the test's own limit is far above all of theirs.
/// </summary>
public sealed class BlackholeTests : IDisposable
{
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(3);
    private static readonly TransferLimits Short = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), 2);

    private readonly TcpListener _hole = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _swallowed = [];
    private readonly TemporarySite _site = new();
    private readonly SiteIdentity _identity;
    private readonly SiteLink _link;
    private readonly CancellationTokenSource _stop = new();

    public BlackholeTests()
    {
        _hole.Start();
        _ = SwallowAsync();
        var trust = Directory.CreateDirectory(_site.PathOf("trust")).FullName;
        using var authority = ConsortiumAuthority.Create("brains", trust, TimeProvider.System);
        using var key = CertificateFiles.CreateKey();
        using var certificate = authority.Issue(key, CertificateRole.Site, "north", TimeSpan.FromDays(1));
        CertificateFiles.SaveIdentity(_site.Folder.Identity, certificate, key);
        CertificateFiles.SaveCertificate(_site.Folder.Authority, authority.Certificate);
        _identity = new SiteIdentity(_site.Folder, TimeProvider.System);
        _link = new SiteLink(new SiteSettings(Url, "brains", "north", null), _identity, new AggregatorCalls(TimeProvider.System), new Bandwidth(() => new PolicyDocument(), TimeProvider.System), TimeProvider.System);
    }

    private string Url => $"https://127.0.0.1:{((IPEndPoint)_hole.LocalEndpoint).Port}";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_call_ends_at_its_deadline() => EndsUnreachable(() =>
        _link.Calls.OnceAsync(_link.Control, o => _link.Site.PollAsync(new PollRequest(), o), Cancellation, TimeSpan.FromSeconds(1)));

    [Fact]
    public Task A_download_ends_when_nothing_comes() => EndsUnreachable(() =>
    {
        var cache = new ArtifactCache(_site.PathOf("artifacts"), _link, TimeProvider.System, Short);
        return cache.FetchAsync(new string('a', 64), 10, (_, _) => { }, Cancellation);
    });

    [Fact]
    public Task An_upload_ends_when_nothing_is_acknowledged() => EndsUnreachable(async () =>
    {
        var manifest = new UpdateManifest { Site = "north", RoundContext = "", Bytes = 100, Chunks = [Convert.ToHexStringLower(SHA256.HashData(new byte[100]))] };
        await new ChunkUploader(_link, TimeProvider.System, Short).StreamAsync(new BeginUploadRequest { Run = "r", Round = 1, Attempt = 1 }, manifest, [0], new Dictionary<int, int>(), () => new ZeroUpdate(100), _ => { }, Cancellation);
    });

    [Fact]
    public async Task An_administrators_command_ends_at_its_deadline()
    {
        var folder = _site.PathOf("admin");
        Directory.CreateDirectory(folder);
        foreach (var (from, to) in new[] { (_site.Folder.Authority, "ca.crt"), (_site.Folder.Identity, "admin.crt"), (_site.Folder.Identity, "admin.key") })
        {
            File.Copy(from, Path.Combine(folder, to));
        }

        using var admin = new AdminClient(folder, Url);
        var call = admin.Admin.ListRunsAsync(new ListRunsRequest(), new Grpc.Core.CallOptions(deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(1), cancellationToken: Cancellation));
        var error = await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => call.ResponseAsync.WaitAsync(Hang, Cancellation));
        Assert.Equal(ErrorCatalogue.Unreachable, RpcErrors.Translate(error).Code);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _link.Dispose();
        _identity.Dispose();
        _hole.Dispose();
        _swallowed.ForEach(s => s.Dispose());
        _site.Dispose();
        _stop.Dispose();
    }

    private static async Task EndsUnreachable(Func<Task> operation)
    {
        var error = await Assert.ThrowsAsync<FederationException>(() => operation().WaitAsync(Hang, Cancellation));
        Assert.Equal(ErrorCatalogue.Unreachable, error.Code);
    }

    private async Task SwallowAsync()
    {
        try
        {
            while (true)
            {
                _swallowed.Add(await _hole.AcceptSocketAsync(_stop.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }
}
