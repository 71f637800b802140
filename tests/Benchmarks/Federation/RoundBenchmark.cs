using System.Globalization;
using BrainMVP.Federated.Contracts.V1;
using static BrainMVP.Federated.Benchmarks.Printed;

namespace BrainMVP.Federated.Benchmarks.Federation;

/// <summary>
/// What a round costs besides training: whole agents with a trainer that answers at once, over mutual TLS. First eight
/// sites with a model of the paper's size, against the sum of what the bytes cost by themselves: a raw TLS copy of every
/// byte that crosses the wire, SHA-256 of every byte that must be hashed, and write and fsync of every byte that must be
/// durable, each with as many processes. Then many sites with a tiny model.
/// </summary>
internal static class RoundBenchmark
{
    /// <summary>Argument of the processes that measure the parts.</summary>
    public const string ChildCommand = "round-parts";

    private const double OverheadTarget = 1.5;
    private const int Sites = 8;
    private const int Processes = 4;

    /// <summary>Rounds of the large model that are left out: while they run, the processes still compile their code.</summary>
    private const int Warm = 5;

    private const long Parameters = 23_800_000;
    private const int TinyParameters = 4096;
    private const int ManyRounds = 4;

    public static async Task<bool> RunAsync(bool quick)
    {
        var folder = Directory.CreateTempSubdirectory("benchmarks-rounds-").FullName;
        try
        {
            var passed = await LargeAsync(Path.Combine(folder, "large"), quick ? Warm + 1 : Warm + 5);
            return passed & await ManyAsync(folder, quick ? [4, 16] : [16, 64, 256]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>One of the processes that measure a part: does it for its share of the sites whenever it is told to.</summary>
    public static async Task<int> RunChildAsync(string[] arguments)
    {
        var (model, scratch, sites) = (arguments[1], arguments[2], int.Parse(arguments[3], CultureInfo.InvariantCulture));
        using var tls = RawTls.Start();
        var bytes = new FileInfo(model).Length;
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } order)
        {
            await (order switch
            {
                // Down to the site and up from it.
                "tls" => Task.WhenAll(Enumerable.Range(0, sites).Select(async _ =>
                {
                    await tls.SendAsync(model, bytes);
                    await tls.SendAsync(model, bytes);
                })),

                // The model that came, the manifest of the update, and the update where it arrives.
                "sha" => Repeat(sites * 3, _ => RawWork.Hash(model)),

                // The model that came, and the update where it arrives.
                _ => Repeat(sites * 2, i => RawWork.WriteDurably(model, $"{scratch}-{i}")),
            });
            Console.WriteLine("done");
        }

        return 0;

        static Task Repeat(int times, Action<int> action) => Task.Run(() =>
        {
            for (var i = 0; i < times; i++)
            {
                action(i);
            }
        });
    }

    private static async Task<bool> LargeAsync(string folder, int rounds)
    {
        Directory.CreateDirectory(folder);
        var model = BenchModel.Write(Path.Combine(folder, "model.safetensors"), Parameters, 1);
        var local = Locals(folder, Parameters, rounds);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Rounds of {Sites} sites in {Processes} processes, {Parameters * sizeof(float) / 1e6:F0} MB model, no training"));
        var parts = await PartsAsync(folder, model);
        var status = await RunAsync(folder, Sites, model, local, rounds, _ => { });
        var seconds = Stopwatches.Median(Seconds(status).Skip(Warm));
        var sum = parts.Sum(p => p.Seconds);
        var table = new Table("what", "s", "of the sum", "target");
        foreach (var (name, part) in parts)
        {
            table.Row(name, Text(part, 2), Text(part / sum, 2), "");
        }

        table.Row("a round", Text(seconds, 2), Text(seconds / sum, 2), Text(OverheadTarget, 2));
        foreach (var (name, from, to) in ((string, string, string)[])[("  opening to roster", "opened", "roster"), ("  roster to last upload", "roster", "summing"), ("  sums and commit", "summing", "committed")])
        {
            var part = Stopwatches.Median(status.Rounds.Skip(Warm).Select(r => (At(r, to) - At(r, from)).TotalSeconds));
            table.Row(name, Text(part, 2), Text(part / sum, 2), "");
        }

        return Verdict("round overhead", seconds / sum <= OverheadTarget);
    }

    private static async Task<(string Name, double Seconds)[]> PartsAsync(string folder, string model)
    {
        var children = Enumerable.Range(0, Processes).Select(p => FreshProcess.Start(ChildCommand, model, Path.Combine(folder, $"part-{p}"), (Sites / Processes).ToString(CultureInfo.InvariantCulture))).ToArray();
        try
        {
            foreach (var child in children)
            {
                await child.StandardOutput.ReadLineAsync();
            }

            Func<Task> Order(string what) => async () =>
            {
                foreach (var child in children)
                {
                    await child.StandardInput.WriteLineAsync(what);
                    await child.StandardInput.FlushAsync();
                }

                foreach (var child in children)
                {
                    await child.StandardOutput.ReadLineAsync();
                }
            };

            var times = await Stopwatches.InTurnsAsync(3, Order("tls"), Order("sha"), Order("write"));
            string[] names = ["raw TLS copies", "SHA-256", "write and fsync"];
            return [.. names.Select((n, i) => (n, Stopwatches.Median(times[i]) / 1000))];
        }
        finally
        {
            foreach (var child in children)
            {
                child.Kill(entireProcessTree: true);
                child.Dispose();
            }
        }
    }

    private static async Task<bool> ManyAsync(string folder, int[] counts)
    {
        Console.WriteLine();
        Console.WriteLine($"Rounds of many sites in {Processes} processes, tiny model");
        var table = new Table("sites", "s a round", "ms a site", "aggregator MiB");
        var measured = new List<(int Sites, double Seconds, double Memory)>();
        foreach (var count in counts)
        {
            var home = Path.Combine(folder, $"many-{count}");
            Directory.CreateDirectory(home);
            var model = BenchModel.Write(Path.Combine(home, "model.safetensors"), TinyParameters, 1);
            var local = Locals(home, TinyParameters, ManyRounds);
            double memory = 0;
            var status = await RunAsync(home, count, model, local, ManyRounds, m => memory = m);
            var seconds = Stopwatches.Median(Seconds(status).Skip(1));
            measured.Add((count, seconds, memory));
            table.Row(count.ToString(CultureInfo.InvariantCulture), Text(seconds, 2), Text(seconds * 1000 / count, 1), Text(memory, 0));
        }

        var (first, last) = (measured[0], measured[^1]);
        var growth = (double)last.Sites / first.Sites;
        return Verdict("seconds grow no faster than the sites", last.Seconds / first.Seconds <= growth)
            & Verdict("memory grows no faster than the sites", last.Memory / first.Memory <= growth);
    }

    /// <summary>A model for each round: one that comes again is one that the sites hold already.</summary>
    private static string[] Locals(string folder, long parameters, int rounds) =>
        [.. Enumerable.Range(0, rounds).Select(r => BenchModel.Write(Path.Combine(folder, $"local-{r}.safetensors"), parameters, (ulong)r + 2))];

    /// <summary>A whole run.</summary>
    /// <param name="memory">Told the largest anonymous memory of the aggregator, MiB.</param>
    private static async Task<RunStatus> RunAsync(string folder, int sites, string model, IReadOnlyList<string> locals, int rounds, Action<double> memory)
    {
        await using var consortium = await Consortium.StartAsync(folder);
        var names = Enumerable.Range(1, sites).Select(i => string.Create(CultureInfo.InvariantCulture, $"site{i:D3}")).ToArray();
        var homes = new List<SiteAgent.Hosting.SiteFolder>();
        foreach (var name in names)
        {
            homes.Add(await consortium.EnrollAsync(name));
        }

        using var agents = await LightSites.StartAsync(homes, locals, Processes);
        RunStatus status = new();
        var peaks = await ResidentMemory.PeakAsync([consortium.ProcessId], async () =>
        {
            await consortium.SubmitAsync(BenchModel.Plan(rounds, sites), model, names);
            status = await consortium.EndAsync();
        });
        memory(peaks[0]);
        return status;
    }

    /// <summary>Seconds of each round, from its opening to the opening of the next, or to its commit for the last.</summary>
    private static IEnumerable<double> Seconds(RunStatus status)
    {
        var opened = status.Rounds.Select(r => At(r, "opened")).ToArray();
        for (var i = 0; i < opened.Length; i++)
        {
            yield return ((i + 1 < opened.Length ? opened[i + 1] : At(status.Rounds[i], "committed")) - opened[i]).TotalSeconds;
        }
    }

    private static DateTimeOffset At(RoundStatus round, string step) => DateTimeOffset.Parse(round.Times[step], CultureInfo.InvariantCulture);
}
