using System.Data.Common;
using BrainMVP.Federated.Contracts.Errors;
using Npgsql;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>The state store of several silos: grain state, reminders and the membership of the cluster in PostgreSQL.</summary>
public static class PostgresState
{
    /// <summary>Invariant name under which the storage providers load Npgsql.</summary>
    public const string Invariant = "Npgsql";

    /// <summary>Environment variable with the connection string, so that no password is in the list of processes.</summary>
    public const string Variable = "BRAINMVP_POSTGRES";

    private const int TimeoutSeconds = 10;

    /// <summary>The connection string with the waits that every use of it has.</summary>
    /// <exception cref="FederationException">BMF-1006 when it is malformed.</exception>
    public static string WithLimits(string connection)
    {
        try
        {
            var builder = new NpgsqlConnectionStringBuilder(connection);

            // Npgsql's own builder has every keyword; only the plain one knows which were given. Zero waits without an end.
            var given = new DbConnectionStringBuilder { ConnectionString = connection };
            if (!given.ContainsKey("Timeout") || builder.Timeout == 0)
            {
                builder.Timeout = TimeoutSeconds;
            }

            if (!(given.ContainsKey("Command Timeout") || given.ContainsKey("CommandTimeout")) || builder.CommandTimeout == 0)
            {
                builder.CommandTimeout = TimeoutSeconds;
            }

            return builder.ConnectionString;
        }
        catch (ArgumentException e)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"The connection string is not one of PostgreSQL, for example \"Host=db;Database=brainmvp;Username=aggregator\": {e.Message}", e);
        }
    }

    /// <summary>Creates or updates tables, functions and statements; data stays.</summary>
    /// <exception cref="FederationException">BMF-1404 when the database cannot be reached or refuses.</exception>
    public static async Task Create(string connection, CancellationToken cancellation)
    {
        using var script = new StreamReader(typeof(PostgresState).Assembly.GetManifestResourceStream("postgres.sql")!);
        await Run(connection, await script.ReadToEndAsync(cancellation), cancellation);
    }

    /// <summary>Checks before the silo starts that the database is there and has the tables.</summary>
    /// <exception cref="FederationException">BMF-1404 unreachable, BMF-1010 without tables.</exception>
    public static async Task Require(string connection, CancellationToken cancellation)
    {
        try
        {
            await Run(connection, "SELECT 1 FROM OrleansQuery LIMIT 1", cancellation);
        }
        catch (FederationException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable })
        {
            throw ErrorCatalogue.NotInitialised.With("The database has no tables of the aggregator; run `aggregator database init` once.", e);
        }
    }

    private static async Task Run(string connection, string sql, CancellationToken cancellation)
    {
        try
        {
            await using var database = new NpgsqlConnection(connection);
            await database.OpenAsync(cancellation);
            await using var command = new NpgsqlCommand(sql, database);
            await command.ExecuteNonQueryAsync(cancellation);
        }
        catch (Exception e) when (e is NpgsqlException or System.Net.Sockets.SocketException or TimeoutException)
        {
            throw ErrorCatalogue.StorageUnavailable.With(e.Message, e);
        }
    }
}
