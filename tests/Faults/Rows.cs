namespace BrainMVP.Federated.Faults;

/// <summary>The matrix: what is killed, cut, repeated or filled up, and where.</summary>
public static class Rows
{
    public static IReadOnlyList<FaultRow> All { get; } =
    [
        .. Aggregator(), .. Agents(), .. Trainers(), .. Silos(), .. Buckets(), .. Clocks(), .. Networks(), .. Others(),
    ];

    private static IEnumerable<FaultRow> Aggregator()
    {
        foreach (var step in (string[])["open", "report", "roster", "sum", "commit"])
        {
            yield return new FaultRow($"aggregator, {step}: before and after its state is saved", $"aggregator@round=1,step={step},at=before", $"aggregator@round=2,step={step}") { IsQuick = step == "commit" };
        }

        yield return new FaultRow("aggregator, while sites train", "aggregator@round=1,step=train");
        yield return new FaultRow("aggregator, a chunk durable and not acknowledged", "aggregator@round=1,step=upload", "aggregator@round=2,step=upload");
        yield return new FaultRow("aggregator, at every step of a round", "aggregator@round=1,step=open", "aggregator@round=1,step=train", "aggregator@round=1,step=report", "aggregator@round=1,step=roster", "aggregator@round=1,step=upload", "aggregator@round=1,step=sum", "aggregator@round=1,step=commit");
    }

    private static IEnumerable<FaultRow> Agents()
    {
        foreach (var (step, when) in ((string, string)[])[
            ("open", "the round accepted"), ("train", "its trainer half through"), ("report", "trained, nothing reported"), ("roster", "the roster accepted"),
            ("upload", "half of the update sent"), ("sum", "the update delivered"), ("commit", "the commit accepted"),
        ])
        {
            yield return new FaultRow($"agent, {step}: {when}", $"agent:1@round=1,step={step}", $"agent:2@round=2,step={step}") { IsQuick = step == "upload" };
        }
    }

    private static IEnumerable<FaultRow> Trainers()
    {
        yield return new FaultRow("trainer, at its start, half through, and done", "trainer:1@round=1,step=open", "trainer:2@round=1,step=train", "trainer:1@round=2,step=report");
        yield return new FaultRow("trainer, agent and aggregator in one round", "trainer:1@round=1,step=train", "agent:2@round=1,step=upload", "aggregator@round=1,step=sum", "agent:1@round=2,step=report", "aggregator@round=2,step=commit,at=before");
    }

    private static IEnumerable<FaultRow> Silos()
    {
        FaultRow Cluster(string name, params string[] orders) => new(name, orders) { Arguments = ["--silos", "2", "--postgres"], Absent = Requirements.Postgres };
        yield return Cluster("two silos, undisturbed");
        yield return Cluster("two silos, each killed once: train, sum", "silo:1@round=1,step=train", "silo:2@round=2,step=sum");
        yield return Cluster("two silos, each killed once: upload, commit", "silo:2@round=1,step=upload", "silo:1@round=2,step=commit,at=before") with { IsQuick = true };
        yield return Cluster("two silos, both killed in one round", "silo:1@round=1,step=report", "silo:2@round=1,step=roster", "silo:1@round=1,step=commit");
        yield return Cluster("two silos, restarted one after the other as for an update", "silo:1@round=1,step=upload,by=term", "silo:2@round=2,step=report,by=term", "silo:1@round=2,step=commit,by=term");
        yield return Cluster("two silos, one killed for good") with { Beside = LostSilo.Disturb };
        yield return Cluster("PostgreSQL: report, sum", "postgres@round=1,step=report", "postgres@round=2,step=sum");
        yield return Cluster("PostgreSQL: open, upload, commit", "postgres@round=1,step=open,at=before", "postgres@round=1,step=upload", "postgres@round=2,step=commit,at=before");
    }

    private static IEnumerable<FaultRow> Buckets()
    {
        FaultRow Cluster(string name, params string[] orders) => new(name, orders) { Arguments = ["--silos", "2", "--postgres"], HasBucket = true, Absent = BucketServer.Absent };
        yield return Cluster("two silos with a bucket and no shared folder, each killed once: upload, sum", "silo:1@round=1,step=upload", "silo:2@round=2,step=sum") with { IsQuick = true };
        yield return Cluster("two silos with a bucket, one killed for good") with { Beside = LostSilo.Disturb };
        yield return Cluster("two silos with a bucket, one back with an empty folder") with { Beside = EmptiedSilo.Disturb };
        yield return new FaultRow("one process with a bucket, killed: report, commit", "aggregator@round=1,step=report", "aggregator@round=2,step=commit") { HasBucket = true, Absent = BucketServer.Absent };
        yield return Cluster("two silos, the bucket away during an upload") with { Beside = BucketServer.Disturb };
    }

    private static IEnumerable<FaultRow> Clocks()
    {
        foreach (var jump in (string[])["+1h", "-1h"])
        {
            yield return new FaultRow($"aggregator comes back with its clock at {jump}", $"aggregator@round=1,step=report,clock={jump}") { Absent = Requirements.FakeTime };
            yield return new FaultRow($"agent comes back with its clock at {jump}", $"agent:1@round=1,step=train,clock={jump}") { Absent = Requirements.FakeTime };
        }
    }

    private static IEnumerable<FaultRow> Networks()
    {
        yield return new FaultRow("network cut for 10 s while a site trains", "network:1@round=1,step=train,for=10");
        yield return new FaultRow("network cut for 10 s in the middle of an upload", "network:1@round=1,step=upload,for=10");
        yield return new FaultRow("network cut for 10 s after the commit", "network:2@round=1,step=commit,for=10");
        yield return new FaultRow("half of the packets stall from the report on", "network:1@round=1,step=report,for=120,stall=50");
        yield return new FaultRow("half of the packets stall from the opening on, at both sites", "network:1@round=1,step=open,for=120,stall=50", "network:2@round=1,step=open,for=120,stall=50");
    }

    private static IEnumerable<FaultRow> Others()
    {
        yield return new FaultRow("messages duplicated, reordered and replayed") { Beside = Messages.Disturb };
        yield return new FaultRow("a third site killed for good and dropped by an administrator") { Sites = 3, Beside = LostSite.Disturb };
        yield return new FaultRow("disk of the aggregator full in the middle of a round") { Beside = FullDisk.Disturb, AggregatorFolder = FullDisk.Folder, Arguments = ["--aggregator-dir", FullDisk.Folder], Prepare = FullDisk.Prepare, CleanUp = FullDisk.CleanUp, Absent = Requirements.Mounting };
    }
}
