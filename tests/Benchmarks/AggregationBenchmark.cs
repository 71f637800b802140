using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Benchmarks.Federation;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Federation.Summation;
using BrainMVP.Federated.Federation.Updates;
using static BrainMVP.Federated.Benchmarks.Printed;

namespace BrainMVP.Federated.Benchmarks;

/// <summary>
/// Summing the updates of a round from the aggregator's store, with its own code and as many threads as it uses, against
/// a weighted average of floats written plainly over the same files, and against one pass of memory reads over as many
/// bytes on the same number of threads. A last row copies the files and does nothing with them. Files are in the page cache, as they are moments after their upload. The shards'
/// sums, a tenth of the bytes, are written durably in the aggregator; that costs what the disk costs and is a row of its own.
/// </summary>
internal static class AggregationBenchmark
{
    private const int Sites = 10;
    private const int ManySites = 64;
    private const long Parameters = 23_800_000;
    private const int Shards = 4;
    private const double TargetShare = 0.5;
    private const double TargetMebibytes = 256;
    private const double TargetGrowth = 0.1;

    private static readonly RoundKey Round = new("bench", 1, 1);

    /// <returns>False when a target is missed.</returns>
    public static bool Run(bool quick)
    {
        var folder = Directory.CreateTempSubdirectory("benchmarks-sums-").FullName;
        try
        {
            var ten = new Updates(Path.Combine(folder, "ten"), Sites, Parameters);
            var bytes = ten.Bytes;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Sum of {Sites} updates of {Parameters / 1e6:F1} M parameters, {bytes / 1e9:F2} GB, {Environment.ProcessorCount} threads, {Shards} shards, page cache warm"));
            var memory = new long[(int)(bytes / sizeof(long))];
            Array.Fill(memory, 3);
            var average = new float[Parameters];
            var times = Stopwatches.InTurns(quick ? 3 : 11, ten.Sum, ten.SumDurably, () => ten.AverageFloats(average), () => ReadMemory(memory), ten.ReadFiles);
            var medians = times.Select(Stopwatches.Median).ToArray();
            var table = new Table("what", "ms", "GB/s", "of memory", "target");
            string[] names = ["exact sum, checksums verified", "the same, sums written durably", "plain float weighted average", "memory reads", "files only read, nothing added"];
            for (var i = 0; i < names.Length; i++)
            {
                table.Row(names[i], Text(medians[i], 0), Text(bytes / medians[i] / 1e6, 2), Text(medians[3] / medians[i], 2), i == 0 ? Text(TargetShare, 2) : "");
            }

            memory = [];
            average = [];
            return Verdict("share of memory speed", medians[3] / medians[0] >= TargetShare) & Memory(folder, ten);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static bool Memory(string folder, Updates ten)
    {
        var many = new Updates(Path.Combine(folder, "many"), ManySites, Parameters);
        Console.WriteLine();
        var table = new Table("sites", "peak MiB above idle", "target");
        var (few, more) = (PeakAbove(ten.SumDurably), PeakAbove(many.SumDurably));
        table.Row(Sites.ToString(CultureInfo.InvariantCulture), Text(few, 1), Text(TargetMebibytes, 0));
        table.Row(ManySites.ToString(CultureInfo.InvariantCulture), Text(more, 1), string.Create(CultureInfo.InvariantCulture, $"{few:F1} ± {TargetGrowth:P0} of {TargetMebibytes:F0}"));
        return Verdict("memory", few <= TargetMebibytes && more <= TargetMebibytes)
            & Verdict("memory does not grow with the sites", Math.Abs(more - few) <= TargetGrowth * TargetMebibytes);
    }

    /// <summary>One pass over a buffer, divided among the threads.</summary>
    private static void ReadMemory(long[] memory)
    {
        var sums = new long[Environment.ProcessorCount];
        Parallel.For(0, sums.Length, t =>
        {
            var part = memory.AsSpan((int)((long)memory.Length * t / sums.Length)..(int)((long)memory.Length * (t + 1) / sums.Length));
            var sum = Vector<long>.Zero;
            foreach (var value in MemoryMarshal.Cast<long, Vector<long>>(part))
            {
                sum += value;
            }

            sums[t] = Vector.Sum(sum);
        });
        if (sums.Sum() == 0)
        {
            throw new InvalidOperationException("The memory was not read.");
        }
    }

    /// <summary>Largest anonymous memory during the work above that before it, MiB; looked at every few milliseconds.</summary>
    private static double PeakAbove(Action work)
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        var idle = ResidentMemory.Of(Environment.ProcessId);
        var peak = idle;
        using var done = new ManualResetEventSlim();
        var watcher = new Thread(() =>
        {
            do
            {
                peak = Math.Max(peak, ResidentMemory.Of(Environment.ProcessId));
            }
            while (!done.Wait(2));
        });
        watcher.Start();
        work();
        done.Set();
        watcher.Join();
        return Math.Max(0, peak - idle);
    }

    /// <summary>Delivered updates of one large tensor in the aggregator's own stores.</summary>
    private sealed class Updates
    {
        private readonly string _folder;
        private readonly UploadStore _store;
        private readonly SumStore _sums;
        private readonly Dictionary<string, UpdateManifest> _manifests = new(StringComparer.Ordinal);
        private readonly Dictionary<string, PayloadMap> _payloads;
        private readonly IReadOnlyList<ShardSegment>[] _segments;

        public Updates(string folder, int sites, long parameters)
        {
            _folder = folder;
            _store = new UploadStore(Path.Combine(folder, "uploads"));
            _sums = new SumStore(Path.Combine(folder, "sums"));
            var layout = new LayoutDocument { Tensors = [new LayoutTensor("weight", "network", [parameters])] };
            var names = Enumerable.Range(0, sites).Select(i => $"site{i:D3}").ToArray();
            var roster = new RosterDocument
            {
                OpenContext = "",
                Groups = [new GroupRoster("network", [.. names.Select(n => new RosterWeight(n, 1))], sites)],
                Scales = [new TensorScale("weight", 20)],
                UploadDeadline = "",
            };
            _payloads = names.ToDictionary(n => n, n => PayloadMap.For(layout, roster, n), StringComparer.Ordinal);
            _segments = [.. Enumerable.Range(0, Shards).Select(s => ShardPlan.Segments(layout, roster, s, Shards))];
            Bytes = _payloads.Values.Sum(p => p.Bytes);
            foreach (var name in names)
            {
                Deliver(name, _payloads[name].Bytes);
            }
        }

        public long Bytes { get; }

        /// <summary>All shards, as the aggregator's workers compute them.</summary>
        public void Sum() => EachShard((shard, sum) => sum(Stream.Null));

        /// <summary>The same with the sums kept, as between summing and the commit.</summary>
        public void SumDurably() => EachShard((shard, sum) => _sums.Write(Round, shard, Shards, sum));

        private void EachShard(Action<int, Action<Stream>> each) => Parallel.For(0, Shards, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, shard =>
        {
            using var source = _store.Source(Round, _manifests);
            each(shard, output => ShardSummation.Sum(_segments[shard], _payloads, source, output, CancellationToken.None));
        });

        /// <summary>The same bytes copied out of the page cache in pieces of 256 KiB and not looked at.</summary>
        public void ReadFiles() => Parallel.ForEach(_manifests.Keys, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, site =>
        {
            using var file = File.OpenHandle(Directory.GetFiles(_folder, "update", SearchOption.AllDirectories).Single(f => Path.GetFileName(Path.GetDirectoryName(f)) == site));
            var buffer = new byte[256 * 1024];
            for (long at = 0; RandomAccess.Read(file, buffer, at) is > 0 and var read; at += read)
            {
            }
        });

        /// <summary>What one would write without thinking of any of this: the bytes taken for floats, one site after the other.</summary>
        public void AverageFloats(float[] average)
        {
            Array.Clear(average);
            var weight = 1f / _manifests.Count;
            var buffer = new float[Protocol.UpdateChunkBytes / sizeof(float)];
            foreach (var (site, manifest) in _manifests)
            {
                using var source = _store.Source(Round, new Dictionary<string, UpdateManifest> { [site] = manifest });
                for (long start = 0; start < average.Length; start += buffer.Length)
                {
                    var n = (int)Math.Min(buffer.Length, average.Length - start);
                    source.Read(site, start * sizeof(float), MemoryMarshal.AsBytes(buffer.AsSpan(0, n)));
                    for (var i = 0; i < n; i++)
                    {
                        average[start + i] += weight * buffer[i];
                    }
                }
            }
        }

        private void Deliver(string site, long bytes)
        {
            var chunk = new byte[Protocol.UpdateChunkBytes];
            var random = new CounterRandom(1, site);
            foreach (ref var value in MemoryMarshal.Cast<byte, int>(chunk.AsSpan()))
            {
                value = random.NextInt32(1 << 24) - (1 << 23);
            }

            var chunks = (int)((bytes + chunk.Length - 1) / chunk.Length);
            var (full, last) = (Hash(chunk), Hash(chunk.AsSpan(0, (int)(bytes - ((long)(chunks - 1) * chunk.Length)))));
            var manifest = new UpdateManifest { Site = site, RoundContext = "", Bytes = bytes, Chunks = [.. Enumerable.Range(0, chunks).Select(i => i == chunks - 1 ? last : full)] };
            var sink = _store.Open(Round, site, manifest);
            for (var i = 0; i < chunks; i++)
            {
                using var writer = sink.Begin(i, 0);
                for (var (at, length) = (0, UploadStore.LengthOf(manifest, i)); at < length; at += Protocol.MessageBytes)
                {
                    writer.Append(chunk.AsMemory(at, Math.Min(Protocol.MessageBytes, length - at)));
                }

                sink.FinishAsync(writer, resumed: false).Wait();
            }

            _store.Close(Round, site, sink);

            _manifests[site] = manifest;
        }

        private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
    }
}
