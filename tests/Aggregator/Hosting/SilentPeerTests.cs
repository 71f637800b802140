using System.Net;
using System.Net.Sockets;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.Rounds;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.V1;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;

namespace BrainMVP.Federated.Aggregator.Tests.Hosting;

/// <summary>Peers that keep their connection and never say a word: whatever waits for them ends within its stated limit.</summary>
public sealed class SilentPeerTests(PostgresServer server) : IClassFixture<PostgresServer>
{
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_database_that_accepts_and_stays_silent_is_given_up()
    {
        using var hole = new TcpListener(IPAddress.Loopback, 0);
        hole.Start();
        var connection = PostgresState.WithLimits($"Host=127.0.0.1;Port={((IPEndPoint)hole.LocalEndpoint).Port};Username=a;Database=b;Timeout=1;Command Timeout=1");
        var error = await Assert.ThrowsAsync<FederationException>(() => PostgresState.Require(connection, Cancellation)).WaitAsync(Hang, Cancellation);
        Assert.Equal(ErrorCatalogue.StorageUnavailable, error.Code);
    }

    [Theory]
    [InlineData("", 10, 10)]
    [InlineData(";Timeout=0;Command Timeout=0", 10, 10)]
    [InlineData(";Timeout=3;CommandTimeout=20", 3, 20)]
    [InlineData(";Timeout=3;Command Timeout=20", 3, 20)]
    public void Every_use_of_the_database_has_limits(string given, int connect, int command)
    {
        var connection = new Npgsql.NpgsqlConnectionStringBuilder(PostgresState.WithLimits("Host=db;Username=a;Database=b" + given));
        Assert.Equal(connect, connection.Timeout);
        Assert.Equal(command, connection.CommandTimeout);
    }

    [Fact]
    public async Task A_database_that_falls_silent_ends_writes_with_their_number_and_serves_again_when_it_speaks()
    {
        Assert.SkipWhen(server.Absent is not null, server.Absent ?? "");
        await using var relay = new FreezingRelay(new Npgsql.NpgsqlConnectionStringBuilder(server.ConnectionString).Port);
        var through = new Npgsql.NpgsqlConnectionStringBuilder(server.ConnectionString) { Port = relay.Port, Timeout = 10, CommandTimeout = 2, ApplicationName = "frozen" }.ConnectionString;
        await using var cluster = await PostgresSilos.Start(through, $"service-{Guid.NewGuid():N}", 1, Cancellation);
        var grain = cluster.Grains.GetGrain<ICounterGrain>("silent");
        await grain.Add(1);
        relay.IsFrozen = true;
        await Assert.ThrowsAnyAsync<Exception>(() => grain.Add(1)).WaitAsync(Hang, Cancellation);
        Assert.Equal(1, await grain.Get().WaitAsync(Hang, Cancellation));
        relay.IsFrozen = false;
        for (var tries = 0; ; tries++)
        {
            try
            {
                await grain.Add(1);
                break;
            }
            catch (Exception) when (tries < 20)
            {
                await Task.Delay(500, Cancellation);
            }
        }

        // What the frozen write did is known only to the database: once at most, and the last one for certain.
        Assert.InRange(await grain.Get(), 2, 3);
    }

    [Fact]
    public async Task An_agent_that_opens_an_upload_and_says_nothing_is_cut_off_after_the_idle_limit()
    {
        var time = new FakeTimeProvider();
        var uploads = new RoundUploads(null!, null!, null!, null!, null!, null!, null!, null!, new SiteBandwidth(0, time), time, null!);
        var receiving = uploads.Receive("north", new SilentStream(), null!, Cancellation);
        time.Advance(IdleLimit.Longest - TimeSpan.FromSeconds(1));
        Assert.False(receiving.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving.WaitAsync(Hang, Cancellation));
    }

    [Fact]
    public async Task A_stream_that_moves_is_not_cut_off()
    {
        var time = new FakeTimeProvider();
        using var idle = new IdleLimit(time, Cancellation);
        for (var i = 0; i < 10; i++)
        {
            time.Advance(IdleLimit.Longest * 0.9);
            Assert.False(idle.Token.IsCancellationRequested);
            idle.Moved();
        }

        await idle.EndAsync();
        Assert.True(idle.Token.IsCancellationRequested);
    }

    private sealed class SilentStream : IAsyncStreamReader<UploadPart>
    {
        public UploadPart Current => throw new InvalidOperationException();

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return false;
        }
    }
}
