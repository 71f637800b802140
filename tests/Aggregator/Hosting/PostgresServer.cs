using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace BrainMVP.Federated.Aggregator.Tests.Hosting;

/// <summary>
/// A private PostgreSQL server in a temporary folder on a free loopback port, made with initdb and pg_ctl. Started once
/// for the tests of a class; <see cref="Absent"/> says why there is none.
/// </summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"postgres-{Guid.NewGuid():N}");
    private readonly int _port = FreePort();
    private string _programs = "";
    private bool _running;

    /// <summary>Why tests that need the server are skipped; null when it runs.</summary>
    public string? Absent { get; private set; }

    public string ConnectionString => $"Host=127.0.0.1;Port={_port};Username=brainmvp;Database=postgres;Pooling=true;Maximum Pool Size=30";

    public async ValueTask InitializeAsync()
    {
        _programs = Programs() ?? "";
        if (_programs.Length == 0)
        {
            Absent = "PostgreSQL's initdb and pg_ctl are not installed (Debian: apt-get install postgresql), so its scripts are not tried.";
            return;
        }

        Directory.CreateDirectory(_folder);
        if (Environment.UserName == "root")
        {
            await Run("chown", "postgres", _folder);
        }

        await AsOwner($"'{_programs}/initdb' -D '{_folder}/data' -U brainmvp -A trust -E UTF8 --no-sync");
        await AsOwner($"'{_programs}/pg_ctl' -D '{_folder}/data' -w -t 60 -l '{_folder}/log' -o '-p {_port} -h 127.0.0.1 -k {_folder} -F' start");
        _running = true;
        await Apply();
    }

    /// <summary>Runs the script that administrators run.</summary>
    public async Task Apply() => await Query(await File.ReadAllTextAsync(Path.Combine(Root(), "deploy", "postgres", "orleans.sql")));

    /// <summary>Runs SQL and returns the first value.</summary>
    public async Task<string?> Query(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (await command.ExecuteScalarAsync())?.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        if (_running)
        {
            NpgsqlConnection.ClearAllPools();
            await AsOwner($"'{_programs}/pg_ctl' -D '{_folder}/data' -m immediate -w stop");
        }

        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static Task AsOwner(string command) => Environment.UserName == "root" ? Run("su", "postgres", "-s", "/bin/sh", "-c", command) : Run("/bin/sh", "-c", command);

    private static async Task Run(string program, params string[] arguments)
    {
        // Not redirected: the server inherits the streams and would keep them open.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" > /dev/null 2>&1", program, .. arguments]) { WorkingDirectory = "/" })!;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }

    private static string? Programs() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(d => Path.Combine(d, "bin")) : [])
        .FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")) && File.Exists(Path.Combine(d, "pg_ctl")));

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "BrainMVP.Federated.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
