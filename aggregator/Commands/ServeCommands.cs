using System.CommandLine;
using System.Net;
using BrainMVP.Federated.Aggregator.Collection;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.ObjectStorage;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Hosting;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Aggregator.Commands;

/// <summary><c>aggregator init</c> and <c>aggregator serve</c>.</summary>
public static class ServeCommands
{
    public static Command Init()
    {
        var dir = CommandLine.Dir();
        var consortium = new Option<string>("--consortium") { Description = "Name of the consortium: a-z, 0-9, hyphen.", Required = true };
        var hosts = new Option<string[]>("--host") { Description = "Host names or addresses that sites dial; localhost is always one.", AllowMultipleArgumentsPerToken = true };
        var command = new Command("init", "Creates a consortium: its certificate authority and the first administrator's credentials.") { dir, consortium, hosts };
        command.SetAction((parse, _) => CommandLine.Guard(() =>
        {
            var folder = Path.GetFullPath(parse.GetRequiredValue(dir));
            var name = Names.Require(parse.GetRequiredValue(consortium), "consortium");
            TrustFiles.Create(folder, name, parse.GetValue(hosts) ?? [], TimeProvider.System);
            Console.WriteLine($"""
                Consortium {name} is created in {folder}.
                The certificate authority's key is trust/ca.key: keep a copy offline, it cannot be made again.
                The first administrator's credentials are in admin/.
                Next: aggregator serve --dir {folder}
                """);
            return Task.CompletedTask;
        }));
        return command;
    }

    public static Command Serve()
    {
        var dir = CommandLine.Dir();
        var address = new Option<string>("--address") { Description = "Address to listen on.", DefaultValueFactory = _ => "0.0.0.0" };
        var port = new Option<int>("--port") { Description = "Port to listen on, 0..65535; 0 takes a free one.", DefaultValueFactory = _ => 7443 };
        var shards = new Option<int>("--shards") { Description = "Shards of a sum, 1..256; any number gives the same model.", DefaultValueFactory = _ => 4 };
        var keepRounds = new Option<int>("--keep-rounds") { Description = "Newest committed rounds of each run whose models are kept, 1..100000; 0 keeps all. What a run starts from, ends with or may be rolled back to, and all documents, always stay.", DefaultValueFactory = _ => 0, HelpName = "N" };
        var keepEvery = new Option<int>("--keep-every") { Description = "With --keep-rounds: also keep every Nth round; 0 keeps none more.", DefaultValueFactory = _ => 0, HelpName = "N" };
        var siteMegabits = new Option<int>("--site-megabits") { Description = "Most bandwidth of one site in each direction at this process, megabits per second, 1..100000; 0 does not limit.", DefaultValueFactory = _ => 0, HelpName = "N" };
        var withStdin = new Option<bool>("--stop-with-stdin") { Description = "Also stop when standard input ends: a parent that dies takes the aggregator along." };
        var s3 = new Option<string?>("--s3") { Description = $"Keep models, updates, documents and the audit log in a bucket as well; the folder is a cache of it then, and silos need not share one. Keys are read from {S3Location.Variables}.", HelpName = S3Location.Form };
        var postgres = DatabaseCommands.Postgres();
        var silo = new Option<string?>("--silo") { Description = "Name of this process in an aggregator of several; with --postgres.", HelpName = "NAME" };
        var siloAddress = new Option<string>("--silo-address") { Description = "Address at which the other silos reach this one; the same after every restart.", DefaultValueFactory = _ => "127.0.0.1" };
        var siloPort = new Option<int>("--silo-port") { Description = "Port for the other silos, 1..65535.", DefaultValueFactory = _ => 11111 };
        var gatewayPort = new Option<int>("--gateway-port") { Description = "Port that Orleans reserves for its own clients, 1..65535.", DefaultValueFactory = _ => 30000 };
        var command = new Command("serve", """
            Runs the aggregator until it is told to stop (Ctrl-C, SIGTERM).

            Examples:
              aggregator serve --dir data --port 7443
              aggregator serve --dir data --keep-rounds 20 --keep-every 100
              aggregator serve --dir /shared/data --postgres "Host=db;Database=brainmvp;Username=aggregator" --silo a --silo-address 10.0.0.1
              aggregator serve --dir /shared/data --postgres "Host=db;Database=brainmvp;Username=aggregator" --silo b --silo-address 10.0.0.2
              aggregator serve --dir /var/lib/brainmvp --s3 https://s3.example.org/brainmvp --postgres "Host=db;Database=brainmvp;Username=aggregator" --silo a
            """) { dir, address, port, shards, keepRounds, keepEvery, siteMegabits, s3, postgres, silo, siloAddress, siloPort, gatewayPort, withStdin };
        command.SetAction((parse, cancellation) => CommandLine.Guard(async () =>
        {
            if (!IPAddress.TryParse(parse.GetRequiredValue(address), out var ip))
            {
                throw ErrorCatalogue.ArgumentInvalid.With($"--address \"{parse.GetValue(address)}\" is not an IP address.");
            }

            var place = Place(
                DatabaseCommands.Connection(parse.GetValue(postgres)),
                parse.GetValue(silo),
                parse.GetRequiredValue(siloAddress),
                InRange("--silo-port", parse.GetValue(siloPort), 1, 65535),
                InRange("--gateway-port", parse.GetValue(gatewayPort), 1, 65535));
            var options = new AggregatorOptions(
                new AggregatorFolder(Path.GetFullPath(parse.GetRequiredValue(dir)), place?.Name ?? ""),
                ip,
                InRange("--port", parse.GetValue(port), 0, 65535),
                InRange("--shards", parse.GetValue(shards), 1, 256),
                new RetentionPolicy(InRange("--keep-rounds", parse.GetValue(keepRounds), 0, 100000), InRange("--keep-every", parse.GetValue(keepEvery), 0, 100000)),
                InRange("--site-megabits", parse.GetValue(siteMegabits), 0, 100000),
                place,
                S3Location.Parse(parse.GetValue(s3), Environment.GetEnvironmentVariable));
            using var stop = ParentWatch.Link(parse.GetValue(withStdin), cancellation);
            await AggregatorHost.Run(options, stop.Token);
        }));
        return command;
    }

    private static SiloPlace? Place(string? postgres, string? silo, string address, int siloPort, int gatewayPort) =>
        postgres is null && silo is null ? null
        : postgres is null ? throw ErrorCatalogue.ArgumentInvalid.With($"--silo needs --postgres (or {PostgresState.Variable}): several processes share their state there.")
        : silo is null ? throw ErrorCatalogue.ArgumentInvalid.With("--postgres needs --silo NAME: each process has a name of its own.")
        : !IPAddress.TryParse(address, out var ip) ? throw ErrorCatalogue.ArgumentInvalid.With($"--silo-address \"{address}\" is not an IP address.")
        : new SiloPlace(Names.Require(silo, "silo"), postgres, ip, siloPort, gatewayPort);

    private static int InRange(string name, int value, int low, int high) => value >= low && value <= high
        ? value
        : throw ErrorCatalogue.ArgumentInvalid.With($"{name} is {value}; it must be in {low}..{high}.");
}
