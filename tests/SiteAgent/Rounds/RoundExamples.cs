using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.SiteAgent.Tests.Rounds;

/// <summary>A small, consistent set of documents that tests bend in one place.</summary>
internal static class RoundExamples
{
    public static readonly string Initial = new('a', 64);
    public static readonly string Second = new('b', 64);
    private static readonly Plan Plan = Presets.Create(Presets.Demo) with { Modalities = ["t1", "t2"] };

    public static LayoutDocument Layout { get; } = new()
    {
        Tensors = [new LayoutTensor("encoder.weight", "network", [4]), new LayoutTensor("template.t1", "template.t1", [2, 2, 2])],
    };

    public static RunDocument Run() => new()
    {
        Consortium = "testnet",
        Run = "run-1",
        PlanHash = CanonicalJson.Hash(Plan),
        Plan = Plan,
        InitialModel = Initial,
        LayoutHash = CanonicalJson.Hash(Layout),
        Sites = ["east", "north", "south"],
    };

    public static RoundOpenDocument Open() => new()
    {
        Context = new OpenContext
        {
            Consortium = "testnet",
            Run = "run-1",
            Round = 1,
            Attempt = 1,
            PlanHash = Run().PlanHash,
            Model = Initial,
            Templates = new Dictionary<string, string>(),
            LayoutHash = Run().LayoutHash,
            Invited = ["north", "south"],
        },
        OpenedAt = "2026-03-01T12:00:00Z",
        ReportDeadline = "2026-03-01T13:00:00Z",
        Owners = new Dictionary<string, IReadOnlyList<string>> { ["t1"] = ["north", "south"] },
        SharedModalities = ["t1"],
        ParentCommit = "",
    };

    public static UpdateReport Report() => new()
    {
        Site = "north",
        OpenContext = RoundContexts.Open(Open().Context),
        Steps = 30,
        Cases = 5,
        TargetDraws = new Dictionary<string, long> { ["t1"] = 60 },
        Exponents = [new TensorExponent("encoder.weight", -3), new TensorExponent("template.t1", null)],
        Norms = new Dictionary<string, double>(),
        Losses = new Dictionary<string, double>(),
        Validation = new Dictionary<string, ValidationSum>(),
        Timings = new Dictionary<string, double>(),
        AuditHead = new string('1', 64),
    };

    public static RosterDocument Roster() => new()
    {
        OpenContext = RoundContexts.Open(Open().Context),
        Groups =
        [
            new GroupRoster("network", [new RosterWeight("north", 30), new RosterWeight("south", 30)], 60),
            new GroupRoster("template.t1", [new RosterWeight("north", 60), new RosterWeight("south", 40)], 100),
        ],
        Scales = [new TensorScale("encoder.weight", 20), new TensorScale("template.t1", null)],
        UploadDeadline = "2026-03-01T14:00:00Z",
    };

    public static RoundCommitDocument Commit()
    {
        var roster = CanonicalJson.Hash(Roster());
        return new RoundCommitDocument
        {
            Context = Open().Context,
            RosterHash = roster,
            RoundContext = RoundContexts.Round(RoundContexts.Open(Open().Context), roster),
            Model = Second,
            ParentModel = Initial,
            Templates = new Dictionary<string, string> { ["t1"] = new('c', 64) },
            Groups = [new GroupResult("network", ["north", "south"], 60, 60, null, 0), new GroupResult("template.t1", ["north", "south"], 100, 100, null, 0)],
            Contributors = ["north", "south"],
            Dropouts = new Dictionary<string, string>(),
            Validation = new Dictionary<string, IReadOnlyDictionary<string, ValidationSum>>(),
            Updates = new Dictionary<string, string> { ["north"] = new('d', 64), ["south"] = new('e', 64) },
            AuditHead = new('f', 64),
            SiteAuditHeads = new Dictionary<string, string> { ["north"] = Report().AuditHead },
            CommittedAt = "2026-03-01T14:00:00Z",
        };
    }
}
