using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Aggregation;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Rosters;
using BrainMVP.Federated.Federation.Strategies;
using BrainMVP.Federated.Federation.Summation;
using BrainMVP.Federated.Federation.Updates;

namespace BrainMVP.Federated.Federation.Tests.Aggregation;

/// <summary>SCAFFOLD's control variates at the aggregator: a tensor group of their own.</summary>
public sealed class ControlVariateTests : IDisposable
{
    private static readonly Plan Plan = Presets.Create(Presets.Demo) with { Modalities = ["t1"], Training = new TrainingPlan { ControlVariates = true }, Imaging = new ImagingPlan { Canvas = [16, 16, 16] } };

    private readonly string _folder = Directory.CreateTempSubdirectory("controls-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_tensor_of_the_network_has_one_and_statistics_have_none()
    {
        var layout = Layout();
        Assert.Equal(["bn.running_mean", "bn.weight", "control.bn.weight", "control.w", "template.t1", "w"], layout.Tensors.Select(t => t.Name));
        Assert.Equal(["control.bn.weight", "control.w"], layout.Tensors.Where(t => t.Group == TensorGroups.Control).Select(t => t.Name));
        using var model = new SafetensorsReader(PathOf("model"));
        layout.RequireNetwork(model);
    }

    [Fact]
    public void The_federations_moves_by_the_mean_change_of_those_who_took_part_times_their_share_of_all()
    {
        var layout = Layout();
        string[] sites = ["a", "b"];
        Write("a", 10, [5f, 6]);
        Write("b", 99, [1f, -2]);
        SafetensorsWriter.WriteFile(PathOf("own-b"), [Floats("control.w", 0.5f, 0.25f), Floats("control.bn.weight", 0)]);
        var own = new Dictionary<string, string?> { ["a"] = null, ["b"] = PathOf("own-b") };
        var open = Open();
        var reports = sites.Select((s, i) => Report(layout, open, s, steps: 10 + (90 * i), own[s])).ToArray();
        Assert.All(reports, r => Assert.Null(ReportValidator.FindViolation(r, open, layout, Plan with { Rounds = new RoundsPlan { LocalSteps = 1000 } })));
        var roster = RosterBuilder.Build(open, layout, reports, new Dictionary<string, string> { ["t1"] = "no owner" }, Plan, "");
        var group = roster.Groups.Single(g => g.Group == TensorGroups.Control);
        Assert.Equal([1L, 1], group.Participants.Select(p => p.Weight));
        Assert.Equal([10L, 100], roster.Groups.Single(g => g.Group == TensorGroups.Network).Participants.Select(p => p.Weight));

        var payloads = sites.ToDictionary(s => s, s =>
        {
            using var encoder = new UpdateEncoder(layout, roster, s, new UpdateFiles(PathOf("model"), new Dictionary<string, string>(), PathOf(s), own[s]));
            return Payloads.Whole(encoder);
        });
        using var sum = new MemoryStream();
        ShardSummation.Sum(ShardPlan.Segments(layout, roster, 0, 1), sites.ToDictionary(s => s, s => PayloadMap.For(layout, roster, s)), new Payloads(payloads), sum, CancellationToken.None);
        var arrived = roster.Groups.Where(g => g.Withheld is null).ToDictionary(g => g.Group, g => new GroupSum(g.TotalWeight, g.Participants.Count));
        var update = new GlobalUpdate(layout, roster, arrived, new AggregationPlan { ServerOptimizer = ServerOptimizers.Adam, ServerLearningRate = 0.1 });
        Assert.True(update.MovesControl);
        SafetensorsWriter.WriteFile(PathOf("c"), [Floats("control.w", 1, 1), Floats("control.bn.weight", 2)]);
        using var before = new SafetensorsReader(PathOf("c"));

        // Two of four sites: c + 2/4 · mean of (5, 6) and (1 − 0.5, −2 − 0.25); the server optimiser leaves it alone.
        SafetensorsWriter.WriteFile(PathOf("next"), update.Control(before, new Sums(sum.ToArray()), 2.0 / 4));
        using var next = new SafetensorsReader(PathOf("next"));
        Assert.Equal([2.375f, 1.9375f], next.ReadFloats("control.w"), (x, y) => Math.Abs(x - y) < 1e-6);
        Assert.DoesNotContain(update.Moments(null, new Sums(sum.ToArray())), m => m.Name.Contains("control", StringComparison.Ordinal));
        Assert.DoesNotContain(update.Network(before, new Sums(sum.ToArray())), t => TensorGroups.IsControl(t.Name));
    }

    private static TensorSource Floats(string name, params float[] values) => TensorSource.Floats(name, [values.Length], values);

    private static RoundOpenDocument Open() => new()
    {
        Context = new OpenContext { Consortium = "c", Run = "r", Round = 1, Attempt = 1, PlanHash = "", Model = "", Templates = new Dictionary<string, string>(), LayoutHash = "", Invited = ["a", "b", "x", "y"] },
        OpenedAt = "",
        ReportDeadline = "",
        Owners = new Dictionary<string, IReadOnlyList<string>>(),
        SharedModalities = [],
        ParentCommit = "",
    };

    private UpdateReport Report(LayoutDocument layout, RoundOpenDocument open, string site, int steps, string? own)
    {
        var summary = UpdateSummary.Compute(layout, [TensorGroups.Network, TensorGroups.BatchNorm, TensorGroups.Control], new UpdateFiles(PathOf("model"), new Dictionary<string, string>(), PathOf(site), own));
        return new UpdateReport
        {
            Site = site,
            OpenContext = RoundContexts.Open(open.Context),
            Steps = steps,
            Cases = 3,
            TargetDraws = new Dictionary<string, long>(),
            Exponents = summary.Exponents,
            Norms = summary.Norms,
            Losses = new Dictionary<string, double>(),
            Validation = new Dictionary<string, ValidationSum>(),
            Timings = new Dictionary<string, double>(),
            AuditHead = "",
        };
    }

    private LayoutDocument Layout()
    {
        SafetensorsWriter.WriteFile(PathOf("model"), [Floats("w", 1, 2), Floats("bn.weight", 3), Floats("bn.running_mean", 4)]);
        using var model = new SafetensorsReader(PathOf("model"));
        return LayoutBuilder.Build(model, Plan);
    }

    private void Write(string site, float weight, float[] control) => SafetensorsWriter.WriteFile(
        PathOf(site),
        [Floats("w", weight, 2), Floats("bn.weight", 3), Floats("bn.running_mean", 4), Floats("control.w", control), Floats("control.bn.weight", 0)]);

    private string PathOf(string name) => Path.Combine(_folder, name);

    private sealed class Sums(byte[] bytes) : ISumSource
    {
        public void Read(long offset, Span<byte> destination) => bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
    }
}
