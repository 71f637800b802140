using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Aggregation;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Rosters;
using BrainMVP.Federated.Federation.Strategies;
using BrainMVP.Federated.Federation.Summation;
using BrainMVP.Federated.Federation.Updates;

namespace BrainMVP.Federated.Federation.Tests;

/// <summary>
/// A round over real files: a global model, templates, a trained model for each site. Everything is drawn from one
/// seed, so a failing round can be made again.
/// </summary>
internal sealed class TinyFederation : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("federation-").FullName;
    private readonly Dictionary<string, float[]> _global = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, float[]>> _local = new(StringComparer.Ordinal);

    private readonly Dictionary<string, byte[]> _encoded = new(StringComparer.Ordinal);

    /// <param name="seed">Draws everything that the other parameters leave open.</param>
    /// <param name="sites">Number of sites, site0 upwards.</param>
    /// <param name="withheld">Modalities that may not move, with the reason.</param>
    /// <param name="aggregation">From updates to the next model; FedAvg with one of two rates when null.</param>
    public TinyFederation(ulong seed, int sites, IReadOnlyDictionary<string, string>? withheld = null, AggregationPlan? aggregation = null)
    {
        var random = new CounterRandom(seed, "tiny");
        Plan = Presets.Create(Presets.Demo) with
        {
            Modalities = ["t1", "t2", "dwi"],
            Rounds = new RoundsPlan { Count = 3, LocalSteps = 1000 },
            Imaging = Presets.Create(Presets.Demo).Imaging with { Canvas = [3, 2, 2] },
            Aggregation = aggregation ?? new AggregationPlan { ServerLearningRate = random.NextInt32(2) == 0 ? 1 : 0.7 },
        };
        Site = [.. Enumerable.Range(0, sites).Select(i => $"site{i}")];
        DrawFiles(random);
        using (var model = new SafetensorsReader(ModelPath))
        {
            Layout = LayoutBuilder.Build(model, Plan);
        }

        var owners = Plan.Modalities.ToDictionary(m => m, _ => (IReadOnlyList<string>)[.. Site.Where(_ => random.NextInt32(4) > 0)]);
        Open = new RoundOpenDocument
        {
            Context = new OpenContext
            {
                Consortium = "test",
                Run = "run",
                Round = 1,
                Attempt = 1,
                PlanHash = new string('0', 64),
                Model = new string('1', 64),
                Templates = new Dictionary<string, string>(),
                LayoutHash = new string('2', 64),
                Invited = Site,
            },
            OpenedAt = "2026-01-01T00:00:00.000Z",
            ReportDeadline = "2026-01-02T00:00:00.000Z",
            Owners = owners,
            SharedModalities = Plan.Modalities,
            ParentCommit = "",
        };
        Reports = [.. Site.Select(s => Report(s, random))];
        Withheld = withheld ?? new Dictionary<string, string>();
        Roster = RosterBuilder.Build(Open, Layout, Reports, Withheld, Plan, "2026-01-03T00:00:00.000Z");
    }

    public Plan Plan { get; }

    public IReadOnlyList<string> Site { get; }

    public LayoutDocument Layout { get; }

    public RoundOpenDocument Open { get; }

    public IReadOnlyList<UpdateReport> Reports { get; }

    public IReadOnlyDictionary<string, string> Withheld { get; }

    public RosterDocument Roster { get; }

    public string ModelPath => Path.Combine(_folder, "model");

    /// <summary>Template of t2 only: t1 and dwi start from zeros.</summary>
    public IReadOnlyDictionary<string, string> Templates => new Dictionary<string, string> { ["t2"] = Path.Combine(_folder, "t2") };

    public string LocalPath(string site) => Path.Combine(_folder, site);

    public UpdateFiles Files(string site) => new(ModelPath, Templates, LocalPath(site));

    public float[] Global(string tensor) => _global[tensor];

    public float[] Local(string site, string tensor) => _local[site][tensor];

    public byte[] Encode(string site, RosterDocument? roster = null)
    {
        using var encoder = new UpdateEncoder(Layout, roster ?? Roster, site, Files(site), Plan.Aggregation.RingBits);
        return Payloads.Whole(encoder);
    }

    /// <summary>Sums and applies the updates that arrived.</summary>
    /// <param name="arrived">Sites in the order in which their updates are put into the dictionaries.</param>
    /// <param name="shards">Shards of the sum.</param>
    /// <param name="moments">Server state of the round before.</param>
    public RoundResult Finish(IReadOnlyList<string> arrived, int shards, byte[]? moments = null)
    {
        var maps = Maps(arrived);
        var source = Source(arrived);
        using var sums = new MemoryStream();
        for (var shard = 0; shard < shards; shard++)
        {
            var segments = ShardPlan.Segments(Layout, Roster, shard, shards);
            if (Plan.Aggregation.Rule == AggregationRules.Mean)
            {
                ShardSummation.Sum(segments, maps, source, sums, CancellationToken.None);
            }
            else
            {
                OrderStatistics.Sum(Plan.Aggregation, segments, maps, source, sums, CancellationToken.None);
            }
        }

        return Apply(arrived, new Sums(sums.ToArray()), moments);
    }

    public Dictionary<string, PayloadMap> Maps(IEnumerable<string> arrived) => arrived.ToDictionary(s => s, s => PayloadMap.For(Layout, Roster, s));

    public IUpdateSource Source(IEnumerable<string> arrived)
    {
        foreach (var site in arrived)
        {
            _encoded[site] = _encoded.GetValueOrDefault(site) ?? Encode(site);
        }

        return PackedUpdates.Over(new Payloads(_encoded), Plan.Aggregation.RingBits);
    }

    public RoundResult Apply(IReadOnlyList<string> arrived, ISumSource sums, byte[]? moments = null)
    {
        var weights = Roster.Groups.ToDictionary(g => g.Group, g =>
        {
            var present = g.Participants.Where(p => arrived.Contains(p.Site)).ToArray();
            return GroupSum.Of(Plan.Aggregation, present.Length, present.Sum(p => p.Weight));
        });
        var update = new GlobalUpdate(Layout, Roster, weights.Where(w => w.Value.Weight > 0).ToDictionary(), Plan.Aggregation);
        using var global = new SafetensorsReader(ModelPath);
        var tensors = new Dictionary<string, float[]>(StringComparer.Ordinal);
        var statePath = Path.Combine(_folder, "state");
        if (update.HasMoments)
        {
            var beforePath = Path.Combine(_folder, "state-before");
            File.WriteAllBytes(beforePath, moments ?? []);
            using var before = moments is null ? null : new SafetensorsReader(beforePath);
            using var next = File.Create(statePath);
            SafetensorsWriter.Write(next, update.Moments(before, sums));
        }

        using var state = update.HasMoments ? new SafetensorsReader(statePath) : null;
        using var model = new MemoryStream();
        SafetensorsWriter.Write(model, update.Network(global, sums, state));
        Read(model.ToArray(), tensors);
        foreach (var modality in update.MovingTemplates)
        {
            using var before = Templates.TryGetValue(modality, out var path) ? new SafetensorsReader(path) : null;
            using var template = new MemoryStream();
            SafetensorsWriter.Write(template, [update.Template(modality, before, sums, state)]);
            Read(template.ToArray(), tensors);
        }

        return new RoundResult(model.ToArray(), tensors, weights, update, update.HasMoments ? File.ReadAllBytes(statePath) : null);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Read(byte[] bytes, Dictionary<string, float[]> tensors)
    {
        var path = Path.Combine(_folder, "result");
        File.WriteAllBytes(path, bytes);
        using var reader = new SafetensorsReader(path);
        foreach (var name in reader.Tensors.Keys)
        {
            tensors.Add(name, reader.ReadFloats(name));
        }
    }

    private void DrawFiles(CounterRandom random)
    {
        var shapes = new SortedDictionary<string, long[]>(StringComparer.Ordinal)
        {
            ["encoder.bn.running_mean"] = [5],
            ["encoder.bn.running_var"] = [5],
            ["encoder.frozen"] = [3],
            ["encoder.weight"] = [4, 3],
            ["head.bias"] = [1],
            ["template.dwi"] = [3, 2, 2],
            ["template.t1"] = [3, 2, 2],
            ["template.t2"] = [3, 2, 2],
        };
        foreach (var (name, shape) in shapes)
        {
            var count = shape.Aggregate(1L, (a, b) => a * b);
            _global[name] = name is "template.t1" or "template.dwi"
                ? new float[count]
                : [.. Enumerable.Range(0, (int)count).Select(_ => (float)(name.EndsWith("running_var", StringComparison.Ordinal) ? random.NextDouble() : random.NextNormal()))];
        }

        Write("model", _global.Where(t => !t.Key.StartsWith("template.", StringComparison.Ordinal)), shapes);
        Write("t2", _global.Where(t => t.Key == "template.t2"), shapes);
        foreach (var site in Site)
        {
            // Changes of very different size, so that scales and rounding are exercised; some tensors do not change.
            _local[site] = _global.ToDictionary(t => t.Key, t =>
            {
                var size = t.Key == "encoder.frozen" || random.NextInt32(8) == 0 ? 0 : Math.ScaleB(1, random.NextInt32(40) - 30);
                return (float[])[.. t.Value.Select(v => (float)(v + (size * random.NextNormal())))];
            });
            Write(site, _local[site], shapes);
        }
    }

    private void Write(string name, IEnumerable<KeyValuePair<string, float[]>> tensors, SortedDictionary<string, long[]> shapes)
    {
        // Not WriteFile: thousands of files need no fsync here.
        using var file = File.Create(Path.Combine(_folder, name));
        SafetensorsWriter.Write(file, tensors.Select(t => TensorSource.Floats(t.Key, shapes[t.Key], t.Value)));
    }

    private UpdateReport Report(string site, CounterRandom random)
    {
        var owned = Plan.Modalities.Where(m => Open.Owners[m].Contains(site)).ToArray();
        var groups = new[] { TensorGroups.Network, TensorGroups.BatchNorm }.Concat(owned.Select(TensorGroups.Template)).ToArray();
        var summary = UpdateSummary.Compute(Layout, groups, Files(site));
        var steps = 1 + random.NextInt32(1000);
        return new UpdateReport
        {
            Site = site,
            OpenContext = RoundContexts.Open(Open.Context),
            Steps = steps,
            Cases = 1 + random.NextInt32(50),
            TargetDraws = owned.ToDictionary(m => m, _ => random.NextInt32(4) == 0 ? 0L : 1 + random.NextInt32(steps * Plan.Training.BatchSize / owned.Length)),
            Exponents = summary.Exponents,
            Norms = summary.Norms,
            Losses = new Dictionary<string, double> { ["total"] = 1 },
            Validation = new Dictionary<string, ValidationSum>(),
            Timings = new Dictionary<string, double>(),
            AuditHead = new string('3', 64),
        };
    }

    private sealed class Sums(byte[] bytes) : ISumSource
    {
        public void Read(long offset, Span<byte> destination) => bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
    }
}

/// <summary>Encoded updates in memory.</summary>
internal sealed class Payloads(IReadOnlyDictionary<string, byte[]> bytes) : IUpdateSource
{
    /// <summary>A whole payload.</summary>
    public static byte[] Whole(IUpdateReader update)
    {
        var payload = new byte[update.Bytes];
        update.Read(0, payload);
        return payload;
    }

    public void Read(string site, long offset, Span<byte> destination) => bytes[site].AsSpan((int)offset, destination.Length).CopyTo(destination);

    public int Add(Span<int> sum, string site, long offset, bool isFirst)
    {
        var values = MemoryMarshal.Cast<byte, int>(bytes[site].AsSpan((int)offset, Math.Min(sum.Length, 2) * sizeof(int)));
        for (var i = 0; i < values.Length; i++)
        {
            sum[i] = isFirst ? values[i] : unchecked(sum[i] + values[i]);
        }

        return values.Length;
    }

    public void Dispose()
    {
        // The bytes are the test's.
    }
}

/// <param name="Model">Bytes of the next global model.</param>
/// <param name="Tensors">Its tensors and the templates that moved.</param>
/// <param name="Moments">Bytes of the server state, null when there is none.</param>
internal sealed record RoundResult(byte[] Model, IReadOnlyDictionary<string, float[]> Tensors, IReadOnlyDictionary<string, GroupSum> Arrived, GlobalUpdate Update, byte[]? Moments);
