using Microsoft.Data.Sqlite;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>The embedded state store: one SQLite file in WAL mode with full synchronisation.</summary>
public static class SqliteState
{
    /// <summary>Invariant name under which the storage providers load Microsoft.Data.Sqlite.</summary>
    public const string Invariant = "System.Data.SQLite";

    /// <summary>Connection string; the timeout is the longest wait for a lock.</summary>
    public static string ConnectionString(string path) => new SqliteConnectionStringBuilder
    {
        DataSource = path,
        DefaultTimeout = 15,
        Pooling = true,
    }.ToString();

    /// <summary>Creates tables and queries. Safe to run at every start.</summary>
    public static void Prepare(string path)
    {
        using var connection = new SqliteConnection(ConnectionString(path));
        connection.Open();
        // WAL is a property of the file. SQLite's default of synchronous is FULL and is left as it is; checked here,
        // because a build with another default would lose the last writes in a power failure.
        Execute(connection, "PRAGMA journal_mode = WAL;");
        using (var check = connection.CreateCommand())
        {
            check.CommandText = "PRAGMA synchronous;";
            if (Convert.ToInt64(check.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture) < 2)
            {
                throw Contracts.Errors.ErrorCatalogue.StorageUnavailable.With("This SQLite build does not synchronise fully.");
            }
        }

        using var script = new StreamReader(typeof(SqliteState).Assembly.GetManifestResourceStream("sqlite.sql")!);
        Execute(connection, script.ReadToEnd());
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
