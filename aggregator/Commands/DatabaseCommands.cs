using System.CommandLine;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Aggregator.Commands;

/// <summary><c>aggregator database …</c>: the PostgreSQL of an aggregator of several silos.</summary>
public static class DatabaseCommands
{
    public static Command Create()
    {
        var postgres = Postgres();
        var init = new Command("init", """
            Creates the tables of an aggregator of several silos, or brings them up to date. Data stays.

            Example:
              aggregator database init --postgres "Host=db;Database=brainmvp;Username=aggregator"
            """) { postgres };
        init.SetAction((parse, cancellation) => CommandLine.Guard(async () =>
        {
            await PostgresState.Create(Connection(parse.GetValue(postgres)) ?? throw ErrorCatalogue.ArgumentInvalid.With($"Give --postgres or set {PostgresState.Variable}."), cancellation);
            Console.WriteLine("The database is ready. Next: aggregator serve --postgres ... --silo NAME on each machine.");
        }));
        return new Command("database", "Prepares PostgreSQL for an aggregator of several silos.") { init };
    }

    /// <summary>The option of the commands that use PostgreSQL.</summary>
    public static Option<string?> Postgres() => new("--postgres")
    {
        Description = $"Connection string of PostgreSQL, for an aggregator of several silos. {PostgresState.Variable} in the environment does the same without showing a password.",
        HelpName = "CONNECTION",
    };

    /// <summary>The given connection string, the environment's, or null for the embedded store.</summary>
    public static string? Connection(string? given) =>
        (given ?? Environment.GetEnvironmentVariable(PostgresState.Variable)) is { Length: > 0 } text ? PostgresState.WithLimits(text) : null;
}
