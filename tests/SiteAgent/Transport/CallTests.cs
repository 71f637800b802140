using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Transport;
using BrainMVP.Federated.Trust.Transport;
using Grpc.Core;

namespace BrainMVP.Federated.SiteAgent.Tests.Transport;

public sealed class CallTests
{
    [Fact]
    public async Task A_call_without_a_deadline_is_a_mistake_of_the_programmer()
    {
        using var channel = new AggregatorChannel(AggregatorAddresses.Parse("https://localhost:1"), new ServerTrust(null, TimeProvider.System), () => null);
        var client = new SiteService.SiteServiceClient(channel.Invoker);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await client.PollAsync(new PollRequest(), new CallOptions(cancellationToken: TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unreachable()
    {
        using var channel = new AggregatorChannel(AggregatorAddresses.Parse("https://localhost:1"), new ServerTrust(null, TimeProvider.System), () => null);
        var client = new SiteService.SiteServiceClient(channel.Invoker);
        var e = await Assert.ThrowsAsync<FederationException>(() =>
            new AggregatorCalls(TimeProvider.System).OnceAsync(channel, o => client.PollAsync(new PollRequest(), o), TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCatalogue.Unreachable, e.Code);
        Assert.True(RpcErrors.IsTransient(e));
    }

    [Fact]
    public async Task When_one_silo_is_away_the_next_address_is_dialled()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        using var channel = new AggregatorChannel(AggregatorAddresses.Parse($"https://127.0.0.1:1, https://127.0.0.1:{port}"), new ServerTrust(null, TimeProvider.System), () => null);
        var client = new SiteService.SiteServiceClient(channel.Invoker);
        var call = new AggregatorCalls(TimeProvider.System).OnceAsync(channel, o => client.PollAsync(new PollRequest(), o), TestContext.Current.CancellationToken);
        using (var connection = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken))
        {
            Assert.True(connection.Connected);
        }

        Assert.Equal(ErrorCatalogue.Unreachable, (await Assert.ThrowsAsync<FederationException>(() => call)).Code);
    }

    [Fact]
    public void A_numbered_answer_keeps_its_number_and_is_not_retried()
    {
        var error = new RpcException(new Status(StatusCode.Unavailable, "Round 3 is closed."), new Metadata { { ErrorTrailer.Name, "BMF-1303" } });
        Assert.False(RpcErrors.IsTransient(error));
        var translated = RpcErrors.Translate(error);
        Assert.Equal(ErrorCatalogue.RoundClosed, translated.Code);
        Assert.Equal("Round 3 is closed.", translated.Message);
    }

    [Theory]
    [InlineData(StatusCode.Unavailable, "BMF-1407")]
    [InlineData(StatusCode.DeadlineExceeded, "BMF-1407")]
    [InlineData(StatusCode.Unauthenticated, "BMF-1202")]
    [InlineData(StatusCode.PermissionDenied, "BMF-1204")]
    [InlineData(StatusCode.Unimplemented, "BMF-1311")]
    [InlineData(StatusCode.Internal, "BMF-1901")]
    public void A_bare_status_becomes_a_numbered_error(StatusCode status, string expected) =>
        Assert.Equal(expected, RpcErrors.Translate(new RpcException(new Status(status, "detail"))).Code.Id);

    [Fact]
    public void A_broken_connection_is_transient_even_when_it_is_called_internal() =>
        Assert.True(RpcErrors.IsTransient(new RpcException(new Status(StatusCode.Internal, "ping", new IOException("cut")))));

    [Fact]
    public void Waiting_times_double_up_to_their_bound()
    {
        var bound = TimeSpan.FromSeconds(8);
        Assert.Equal([0.5, 1, 2, 4, 8, 8, 8], Enumerable.Range(1, 7).Select(n => Backoff.After(n, bound).TotalSeconds));
        Assert.Equal(bound, Backoff.After(int.MaxValue, bound));
    }

    [Theory]
    [InlineData("http://aggregator:1")]
    [InlineData("aggregator:8443")]
    [InlineData("https://a:1,http://b:1")]
    [InlineData("")]
    public void Only_https_addresses_are_dialled(string text) =>
        Assert.Equal(ErrorCatalogue.ArgumentInvalid, Assert.Throws<FederationException>(() => AggregatorAddresses.Parse(text)).Code);
}
