namespace BrainMVP.Federated.Faults;

/// <summary>What some rows need of the machine.</summary>
public static class Requirements
{
    /// <summary>Why clocks cannot be set wrong here; null when they can.</summary>
    public static string? FakeTime() => Directory.Exists("/usr/lib")
        && Directory.EnumerateDirectories("/usr/lib").Any(lib => File.Exists(Path.Combine(lib, "faketime", "libfaketimeMT.so.1")))
        ? null
        : "libfaketime is not installed (Debian: apt-get install faketime)";

    /// <summary>Why there is no PostgreSQL here; null when there is.</summary>
    public static string? Postgres() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")) : [])
        .Any(d => File.Exists(Path.Combine(d, "initdb")))
        ? null
        : "PostgreSQL is not installed (Debian: apt-get install postgresql)";

    /// <summary>Why no file system of limited size can be mounted here; null when it can.</summary>
    public static string? Mounting() => FullDisk.CanMount() ? null : "mounting a tmpfs is not permitted here";
}
