namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>Where an aggregator keeps what it keeps.</summary>
/// <param name="Root">The folder given with <c>--dir</c>; several silos share it.</param>
/// <param name="Silo">Name of this silo; empty for the only process of an aggregator.</param>
public sealed record AggregatorFolder(string Root, string Silo = "")
{
    public string Database => Path.Combine(Root, "state.db");

    public string Artifacts => Path.Combine(Root, "artifacts");

    public string Documents => Path.Combine(Root, "documents");

    public string Uploads => Path.Combine(Root, "uploads");

    public string Sums => Path.Combine(Root, "sums");

    public string AuditLog => Path.Combine(Root, "audit.jsonl");

    public string LockFile => Silo.Length == 0 ? Path.Combine(Root, "aggregator.lock") : Path.Combine(Silos, Silo + ".lock");

    /// <summary>
    /// Locks of processes that must not run beside this one: a lone process keeps its state in another database than silos,
    /// and both would write the same audit log and uploads.
    /// </summary>
    public IEnumerable<string> RivalLocks() => Silo.Length > 0
        ? [Path.Combine(Root, "aggregator.lock")]
        : Directory.Exists(Silos) ? Directory.EnumerateFiles(Silos, "*.lock") : [];

    /// <summary>Names the bucket that has everything that this folder has.</summary>
    public string Bucket => Path.Combine(Root, "bucket");

    public string Admin => Path.Combine(Root, "admin");

    /// <summary>Address the aggregator listens on, for the administrator's commands on the same machine.</summary>
    public string Address => Silo.Length == 0 ? Path.Combine(Root, "address") : Path.Combine(Silos, Silo + ".address");

    /// <summary>Temporary files of artifacts; each process removes its own at its start.</summary>
    public string Incoming => Path.Combine(Artifacts, Silo.Length == 0 ? "incoming" : "incoming-" + Silo);

    /// <summary>Room that is given up when the disk is full.</summary>
    public string Reserve => Silo.Length == 0 ? Path.Combine(Root, "reserve") : Path.Combine(Silos, Silo + ".reserve");

    private string Silos => Path.Combine(Root, "silos");
}
