using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.EndToEnd.Tests.Support;
using BrainMVP.Federated.Trust.Certificates;
using BrainMVP.Federated.Trust.Transport;
using Grpc.Core;
using Grpc.Net.Client;

namespace BrainMVP.Federated.EndToEnd.Tests.Trust;

/// <summary>Who may speak to an aggregator, over real mutual TLS.</summary>
public sealed class AdmissionTests(SharedRuns shared)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_works_once_and_an_altered_one_never()
    {
        await using var folder = new TemporaryFolder();
        await using var federation = await SmallFederation.Start(folder, _cancellation);
        var token = await federation.Invite("north");
        const int secret = 10; // The end of a token is the authority's fingerprint.
        var altered = token[..secret] + (token[secret] == 'A' ? 'B' : 'A') + token[(secret + 1)..];
        (await federation.Enroll("north", altered)).FailedWith(ErrorCatalogue.TokenInvalid);
        Assert.False(File.Exists(Path.Combine(federation.Site("north"), "trust", "site.pem")));
        (await federation.Enroll("north", "nonsense")).FailedWith(ErrorCatalogue.TokenInvalid);
        (await federation.Enroll("north", token)).Succeeded();
        (await federation.Enroll("elsewhere", token)).FailedWith(ErrorCatalogue.TokenInvalid);
        Assert.False(File.Exists(Path.Combine(federation.Site("elsewhere"), "trust", "site.pem")));
    }

    [Fact]
    public async Task A_revoked_site_is_refused_at_its_next_request()
    {
        await using var folder = new TemporaryFolder();
        await using var federation = await SmallFederation.Start(folder, _cancellation);
        (await federation.Enroll("north", await federation.Invite("north"))).Succeeded();
        using var site = new SiteConnection(federation, "north");
        Assert.Empty((await site.Poll(_cancellation)).Assignments);
        (await federation.Administer("site", "revoke", "north", "--reason", "test")).Succeeded();
        Assert.Equal(ErrorCatalogue.SiteNotAllowed, (await site.Refusal(_cancellation)).Code);
        var agent = RunningProcess.Start(Programs.SiteAgent, "run", "--dir", federation.Site("north"), "--data", (await shared.Data)[0], "--stop-with-stdin");
        await using (agent)
        {
            await agent.LineWith(ErrorCatalogue.SiteNotAllowed.Id, _cancellation);
        }
    }

    [Fact]
    public async Task A_certificate_of_another_consortium_is_refused_by_both_sides()
    {
        await using var folder = new TemporaryFolder();
        await using var ours = await SmallFederation.Start(folder, _cancellation);
        await using var theirs = await SmallFederation.Start(folder, _cancellation, "others");
        (await theirs.Enroll("north", await theirs.Invite("north"))).Succeeded();
        await ours.Invite("north");
        using (var stranger = new SiteConnection(ours, theirs, "north"))
        {
            Assert.Equal(ErrorCatalogue.CertificateRefused, (await stranger.Refusal(_cancellation)).Code);
        }

        // A site that dials the wrong consortium must not talk to it either.
        (await ours.Command(Programs.SiteAgent, "enroll", ours.Url, await theirs.Invite("south"), "--dir", folder.PathOf("misled"))).FailedWith(ErrorCatalogue.ServerUntrusted);
        Assert.False(File.Exists(folder.PathOf("misled", "site.yaml")));
    }

    [Fact]
    public async Task A_folder_that_silos_serve_is_refused_to_an_aggregator_alone()
    {
        await using var folder = new TemporaryFolder();
        (await RunningProcess.Run(Programs.Aggregator, ["init", "--dir", folder.PathOf("a"), "--consortium", "brains"], _cancellation)).Succeeded();
        using (FolderLock.Take(folder.PathOf("a", "silos", "east.lock")))
        {
            (await RunningProcess.Run(Programs.Aggregator, ["serve", "--dir", folder.PathOf("a"), "--port", "0"], _cancellation)).FailedWith(ErrorCatalogue.AlreadyRunning, "silo east", $"{Environment.ProcessId}");
        }
    }

    [Fact]
    public async Task A_second_process_on_the_same_folder_is_refused_and_the_first_goes_on()
    {
        await using var folder = new TemporaryFolder();
        await using var federation = await SmallFederation.Start(folder, _cancellation);
        var data = (await shared.Data)[0];
        var agent = await federation.Join("north", data, 1);
        await agent.LineWith("Site north of consortium works for", _cancellation);
        (await federation.Command(Programs.SiteAgent, "run", "--dir", federation.Site("north"), "--data", data)).FailedWith(ErrorCatalogue.AlreadyRunning, $"{agent.Id}");
        (await federation.Administer("serve", "--address", "127.0.0.1", "--port", "0")).FailedWith(ErrorCatalogue.AlreadyRunning);
        Assert.False(agent.HasExited);
        Assert.Contains("north", (await federation.Administer("site", "list")).Succeeded().Output, StringComparison.Ordinal);
    }

    /// <summary>A connection with a site's own certificate, without the agent's retries.</summary>
    private sealed class SiteConnection : IDisposable
    {
        private readonly X509Certificate2 _certificate;
        private readonly GrpcChannel _channel;

        public SiteConnection(SmallFederation federation, string site)
            : this(federation, federation, site)
        {
        }

        /// <param name="dialled">Whose aggregator is called.</param>
        /// <param name="enrolled">Where the site got its certificate.</param>
        /// <param name="site">Name of the site.</param>
        public SiteConnection(SmallFederation dialled, SmallFederation enrolled, string site)
        {
            var pem = Path.Combine(enrolled.Site(site), "trust", "site.pem");
            _certificate = CertificateFiles.LoadWithKey(pem, pem);
            _channel = GrpcChannel.ForAddress(dialled.Url, new GrpcChannelOptions
            {
                DisposeHttpClient = true,
                HttpHandler = new SocketsHttpHandler
                {
                    SslOptions = new SslClientAuthenticationOptions
                    {
                        LocalCertificateSelectionCallback = (_, _, _, _, _) => _certificate,
#pragma warning disable CA5359 // The server's judgement is tested here, not the client's.
                        RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
                    },
                },
            });
        }

        public async Task<PollResponse> Poll(CancellationToken cancellation) => await new SiteService.SiteServiceClient(_channel).PollAsync(
            new PollRequest { ProtocolVersion = Protocol.Version, AgentVersion = "test" },
            deadline: TimeProvider.System.GetUtcNow().UtcDateTime + Wait.Long,
            cancellationToken: cancellation);

        public async Task<FederationException> Refusal(CancellationToken cancellation) =>
            RpcErrors.Translate(await Assert.ThrowsAsync<RpcException>(() => Poll(cancellation)));

        public void Dispose()
        {
            _channel.Dispose();
            _certificate.Dispose();
        }
    }
}
