using BrainMVP.Federated.Tests.ObjectStorage;

namespace BrainMVP.Federated.Faults;

/// <summary>The bucket of silos that share no folder; one server for all rows, a prefix for each.</summary>
public static class BucketServer
{
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(10);
    private static readonly Lazy<ObjectServer> Server = new(() => new ObjectServer(Directory.CreateTempSubdirectory("bmf-bucket-").FullName));
    private static int _rows;

    public static string? Absent() => Requirements.Postgres() ?? ObjectServer.Absent();

    /// <summary>Arguments of the next row's simulation.</summary>
    public static IReadOnlyList<string> NextRow()
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", ObjectServer.Key);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", ObjectServer.Key);
        return ["--s3", $"{Server.Value.Url}/{++_rows}"];
    }

    /// <summary>Objects of rounds that are over.</summary>
    public static int Left() => Server.Value.Files($"{_rows}/uploads").Concat(Server.Value.Files($"{_rows}/sums")).Count();

    /// <summary>Kills the server while an update is on its way, and starts it again later.</summary>
    public static async Task<string> Disturb(RunningSimulation simulation, CancellationToken cancellation)
    {
        await simulation.Until(() => File.Exists(Path.Combine(simulation.Round("south", 1), "roster.json")), "the roster at south", cancellation);
        Server.Value.Kill();
        await Task.Delay(Away, cancellation);
        Server.Value.Restart();
        return "the bucket was away for 10 s";
    }
}
