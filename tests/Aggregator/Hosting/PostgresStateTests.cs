using Microsoft.Extensions.DependencyInjection;

namespace BrainMVP.Federated.Aggregator.Tests.Hosting;

/// <summary>Real silos over a real PostgreSQL with the scripts of <c>deploy/postgres</c>.</summary>
public sealed class PostgresStateTests(PostgresServer server) : IClassFixture<PostgresServer>
{
    private readonly string _service = $"service-{Guid.NewGuid():N}";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Running_the_script_again_changes_nothing()
    {
        Assert.SkipWhen(server.Absent is not null, server.Absent ?? "");
        var before = await server.Query("SELECT md5(string_agg(QueryKey || QueryText, '' ORDER BY QueryKey)) FROM OrleansQuery");
        await server.Apply();
        Assert.Equal(before, await server.Query("SELECT md5(string_agg(QueryKey || QueryText, '' ORDER BY QueryKey)) FROM OrleansQuery"));
    }

    [Fact]
    public async Task A_second_writer_with_an_old_version_is_refused()
    {
        Assert.SkipWhen(server.Absent is not null, server.Absent ?? "");
        await using var cluster = await PostgresSilos.Start(server.ConnectionString, _service, 1, Cancellation);
        await StorageContract.SecondWriterIsRefused(cluster.Services);
    }

    [Fact]
    public async Task Two_silos_find_each_other_and_state_and_reminders_outlive_them()
    {
        Assert.SkipWhen(server.Absent is not null, server.Absent ?? "");
        await using (var cluster = await PostgresSilos.Start(server.ConnectionString, _service, 2, Cancellation))
        {
            Assert.Equal("2", await server.Query($"SELECT count(*) FROM OrleansMembershipTable WHERE DeploymentId = '{_service}' AND Status = 3"));
            var grains = Enumerable.Range(0, 20).Select(i => cluster.Grains.GetGrain<ICounterGrain>($"grain{i}")).ToArray();
            await Task.WhenAll(grains.Select(async g =>
            {
                await g.Add(2);
                await g.Add(3);
                await g.Remind("watchdog");
                await g.Remind("watchdog");
            }));
            await grains[0].Clear();
        }

        Assert.Equal("0", await server.Query($"SELECT count(*) FROM OrleansMembershipTable WHERE DeploymentId = '{_service}' AND Status = 3"));
        await using (var cluster = await PostgresSilos.Start(server.ConnectionString, _service, 1, Cancellation))
        {
            Assert.Equal(0, await cluster.Grains.GetGrain<ICounterGrain>("grain0").Get());
            for (var i = 1; i < 20; i++)
            {
                var grain = cluster.Grains.GetGrain<ICounterGrain>($"grain{i}");
                Assert.Equal(5, await grain.Get());
                Assert.Equal(["watchdog"], await grain.Reminders());
            }

            var first = cluster.Grains.GetGrain<ICounterGrain>("grain1");
            await first.Forget("watchdog");
            Assert.Empty(await first.Reminders());
        }
    }

    [Fact]
    public async Task Only_one_of_two_silos_that_read_the_same_membership_version_may_change_it()
    {
        Assert.SkipWhen(server.Absent is not null, server.Absent ?? "");
        await server.Query($"INSERT INTO OrleansMembershipVersionTable(DeploymentId) VALUES('{_service}')");
        var joined = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            server.Query($"SELECT bmf_insert_membership('{_service}', '10.0.0.{i}', 1, 1, 'silo{i}', 'host', 3, 0, now(), now(), 0)")));
        Assert.Equal(1, joined.Count(j => j == "1"));
        Assert.Equal("1/1", await server.Query($"SELECT max(Version) || '/' || (SELECT count(*) FROM OrleansMembershipTable WHERE DeploymentId = '{_service}') FROM OrleansMembershipVersionTable WHERE DeploymentId = '{_service}'"));
    }

    [Fact]
    public async Task Silos_of_the_past_are_removed_and_active_ones_are_not()
    {
        Assert.SkipWhen(server.Absent is not null, server.Absent ?? "");
        await using var cluster = await PostgresSilos.Start(server.ConnectionString, _service, 1, Cancellation);
        await server.Query($"INSERT INTO OrleansMembershipTable SELECT DeploymentId, '10.0.0.9', 1, 1, 'old', 'host', 6, 0, NULL, now() - interval '30 days', now() - interval '30 days' FROM OrleansMembershipVersionTable WHERE DeploymentId = '{_service}'");
        var table = cluster.Services.GetRequiredService<IMembershipTable>();
        Assert.Equal(2, (await table.ReadAllAsync(Cancellation)).Members.Count);
        await table.CleanupDefunctSiloEntriesAsync(DateTimeOffset.UtcNow.AddDays(-1), Cancellation);
        Assert.Single((await table.ReadAllAsync(Cancellation)).Members);
    }
}
