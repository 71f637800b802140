using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Contracts.Errors;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;
using Orleans.TestingHost;

namespace BrainMVP.Federated.Aggregator.Tests.Hosting;

/// <summary>A real silo over a real SQLite file with the aggregator's own scripts.</summary>
public sealed class SqliteStateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Database => _folder["state.db"];

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [Fact]
    public void Preparing_twice_changes_nothing()
    {
        SqliteState.Prepare(Database);
        var before = Query("SELECT count(*) || '/' || sum(length(QueryText)) FROM OrleansQuery");
        SqliteState.Prepare(Database);
        Assert.Equal(before, Query("SELECT count(*) || '/' || sum(length(QueryText)) FROM OrleansQuery"));
        Assert.Equal("wal", Query("PRAGMA journal_mode"));
    }

    [Fact]
    public async Task State_and_reminders_survive_a_restart_of_the_silo()
    {
        SqliteState.Prepare(Database);
        await using (var cluster = await Start())
        {
            var grain = cluster.Client.GetGrain<ICounterGrain>("a");
            await grain.Add(2);
            await grain.Add(3);
            await grain.Remind("watchdog");
            await cluster.StopAllSilosAsync(TestContext.Current.CancellationToken);
        }

        await using (var cluster = await Start())
        {
            var grain = cluster.Client.GetGrain<ICounterGrain>("a");
            Assert.Equal(5, await grain.Get());
            Assert.Equal(["watchdog"], await grain.Reminders());
            await grain.Forget("watchdog");
            Assert.Empty(await grain.Reminders());
            Assert.Equal(0, await cluster.Client.GetGrain<ICounterGrain>("b").Get());
        }
    }

    [Fact]
    public async Task A_second_writer_with_an_old_version_is_refused()
    {
        SqliteState.Prepare(Database);
        await using var cluster = await Start();
        await StorageContract.SecondWriterIsRefused(cluster.Silos[0].ServiceProvider);
    }

    [Fact]
    public async Task A_grain_whose_state_was_written_behind_its_back_says_so_once_and_goes_on_with_what_is_stored()
    {
        SqliteState.Prepare(Database);
        await using var cluster = await Start();
        var grain = cluster.Client.GetGrain<ICounterGrain>("a");
        await grain.Add(2);
        Query("UPDATE OrleansStorage SET Version = Version + 1, PayloadBinary = CAST(replace(CAST(PayloadBinary AS TEXT), '\"Value\":2', '\"Value\":40') AS BLOB); SELECT changes()");
        await Fails.WithAsync(ErrorCatalogue.StorageUnavailable, () => grain.Add(1));
        Assert.Equal(40, await grain.Get());
        await grain.Add(1);
        Assert.Equal(41, await grain.Get());
    }

    [Fact]
    public async Task A_write_that_fails_leaves_the_old_state_visible()
    {
        SqliteState.Prepare(Database);
        await using var cluster = await Start();
        var grain = cluster.Client.GetGrain<ICounterGrain>("a");
        await grain.Add(2);
        Query("ALTER TABLE OrleansStorage RENAME TO Away; SELECT 1");
        await Fails.WithAsync(ErrorCatalogue.StorageUnavailable, () => grain.Add(1));
        Assert.Equal(2, await grain.Get());
        Query("ALTER TABLE Away RENAME TO OrleansStorage; SELECT 1");
        await grain.Add(1);
        Assert.Equal(3, await grain.Get());
    }

    private async Task<InProcessTestCluster> Start()
    {
        var builder = new InProcessTestClusterBuilder(1);
        // The default is a new one for every cluster, which would hide the state of the one before.
        builder.Options.ServiceId = "brainmvp";
        builder.ConfigureSilo((_, silo) => StorageContract.Configure(silo, SqliteState.Invariant, SqliteState.ConnectionString(Database)));
        var cluster = builder.Build();
        await cluster.DeployAsync(TestContext.Current.CancellationToken);
        return cluster;
    }

    private string? Query(string sql)
    {
        using var connection = new SqliteConnection(SqliteState.ConnectionString(Database));
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar()?.ToString();
    }
}
