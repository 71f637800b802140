using System.Globalization;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Federation.Updates;
using BrainMVP.Federated.SiteAgent.Hosting;
using BrainMVP.Federated.SiteAgent.Rounds;
using BrainMVP.Federated.SiteAgent.Transport;
using static BrainMVP.Federated.Benchmarks.Printed;

namespace BrainMVP.Federated.Benchmarks.Federation;

/// <summary>
/// One update up and one model down between the agent's own code and an aggregator process over mutual TLS: hashes
/// verified, written durably. Against the slowest of what nobody can leave out: a raw TLS copy to another process, SHA-256
/// on one thread, and writing with fsync. Then an upload that is cut at a random byte, and one over a long path.
/// </summary>
internal static class TransferBenchmark
{
    private const double UploadTarget = 0.5;
    private const double DownloadTarget = 0.6;
    private const double LongPathTarget = 60;

    /// <summary>16 MiB and one window of a stream.</summary>
    private const double MemoryTarget = 16 + 8;

    private const int Mebi = 1 << 20;
    private static readonly TimeSpan LongPath = TimeSpan.FromMilliseconds(100);

    public static async Task<bool> RunAsync(bool quick)
    {
        var folder = Directory.CreateTempSubdirectory("benchmarks-transfer-").FullName;
        try
        {
            var mebibytes = quick ? 256 : 1024;
            Console.WriteLine($"One update up and one model down, {mebibytes} MiB each, aggregator in its own process on this machine");
            var parameters = (long)mebibytes * Mebi / sizeof(float);
            var model = BenchModel.Write(Path.Combine(folder, "model.safetensors"), parameters, 1);
            var local = BenchModel.Write(Path.Combine(folder, "local.safetensors"), parameters, 2);
            await using var consortium = await Consortium.StartAsync(folder);
            var home = await consortium.EnrollAsync("north");
            await consortium.SubmitAsync(BenchModel.Plan(1, 1), model, ["north"]);
            Update update;
            bool passed;
            using (var site = new LightSite(home, local))
            {
                update = await Update.PrepareAsync(site, consortium);
                using var tls = RawTls.Start();
                passed = await SpeedAsync(quick ? 3 : 5, folder, mebibytes, update, tls, site, consortium);
            }

            passed &= await CutAsync(update, home, local, consortium);
            return passed & await LongPathAsync(update, home, local, consortium);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<bool> SpeedAsync(int repetitions, string folder, int mebibytes, Update update, RawTls tls, LightSite site, Consortium consortium)
    {
        var scratch = Path.Combine(folder, "scratch");
        var bytes = update.Manifest.Bytes;
        var (up, down) = (new List<double[]>(), new List<double[]>());
        var idle = ResidentMemory.Of(consortium.ProcessId);
        var idleHere = ResidentMemory.Of(Environment.ProcessId);
        var times = await Stopwatches.InTurnsAsync(
            repetitions,
            () => tls.SendAsync(update.Path, bytes),
            () => Task.Run(() => RawWork.Hash(update.Path)),
            () => Task.Run(() => RawWork.WriteDurably(update.Path, scratch)),
            async () => up.Add(await ResidentMemory.PeakAsync([consortium.ProcessId, Environment.ProcessId], () => update.SendAsync(site, consortium))),
            async () => down.Add(await ResidentMemory.PeakAsync([consortium.ProcessId, Environment.ProcessId], () => update.FetchAsync(site))));
        var medians = times.Select(Stopwatches.Median).ToArray();
        var slowest = medians[..3].Max();
        var table = new Table("what", "MiB/s", "of slowest", "target");
        string[] names = ["raw TLS copy", "SHA-256, one thread", "write and fsync", "upload", "download"];
        double?[] targets = [null, null, null, UploadTarget, DownloadTarget];
        for (var i = 0; i < names.Length; i++)
        {
            table.Row(names[i], Text(mebibytes * 1000 / medians[i], 0), Text(slowest / medians[i], 2), targets[i] is { } target ? Text(target, 2) : "");
        }

        Console.WriteLine();
        var memory = new Table("memory above idle, MiB", "aggregator", "site", "target");
        memory.Row("upload", Text(up.Max(p => p[0]) - idle, 1), Text(up.Max(p => p[1]) - idleHere, 1), Text(MemoryTarget, 0));
        memory.Row("download", Text(down.Max(p => p[0]) - idle, 1), Text(down.Max(p => p[1]) - idleHere, 1), Text(MemoryTarget, 0));
        return Verdict("upload", slowest / medians[3] >= UploadTarget)
            & Verdict("download", slowest / medians[4] >= DownloadTarget)
            & Verdict("memory", up.Concat(down).All(p => p[0] - idle <= MemoryTarget && p[1] - idleHere <= MemoryTarget));
    }

    /// <summary>Cuts the connection without a word at a random byte; what is sent twice may be one chunk.</summary>
    private static async Task<bool> CutAsync(Update update, SiteFolder home, string local, Consortium consortium)
    {
        var random = new Contracts.Randomness.CounterRandom(7, "cut");
        var bytes = update.Manifest.Bytes;
        var passed = true;
        Console.WriteLine();
        var table = new Table("upload cut after, MiB", "sent twice, MiB", "target");
        for (var i = 0; i < 3; i++)
        {
            var cut = (long)((0.1 + (0.8 * random.NextDouble())) * bytes);
            await using var path = new SlowPath(new Uri(consortium.Address).Port, TimeSpan.Zero, cut);
            using var site = new LightSite(Through(home, path), local);
            var sent = await update.SendAsync(site, consortium);
            var twice = (double)(sent - bytes) / Mebi;
            table.Row(Text((double)cut / Mebi, 1), Text(twice, 2), Text((double)Protocol.UpdateChunkBytes / Mebi, 0));
            passed &= path.WasCut && sent - bytes <= Protocol.UpdateChunkBytes;
        }

        return Verdict("resumed upload", passed);
    }

    private static async Task<bool> LongPathAsync(Update update, SiteFolder home, string local, Consortium consortium)
    {
        await using var path = new SlowPath(new Uri(consortium.Address).Port, LongPath);
        using var site = new LightSite(Through(home, path), local);
        var bytes = update.Manifest.Bytes;
        Console.WriteLine();
        var table = new Table($"path of {LongPath.TotalMilliseconds:F0} ms", "MiB/s", "target");
        var times = await Stopwatches.InTurnsAsync(3, () => update.SendAsync(site, consortium), () => update.FetchAsync(site));
        var speeds = times.Select(t => bytes / (double)Mebi * 1000 / Stopwatches.Median(t)).ToArray();
        table.Row("upload", Text(speeds[0], 0), Text(LongPathTarget, 0));
        table.Row("download", Text(speeds[1], 0), Text(LongPathTarget, 0));
        return Verdict("long path", speeds.All(s => s >= LongPathTarget));
    }

    private static SiteFolder Through(SiteFolder home, SlowPath path)
    {
        (SiteSettings.Read(home) with { Aggregator = path.Address }).Write(home);
        return home;
    }

    /// <summary>An update that the aggregator expects.</summary>
    /// <param name="Path">Its bytes in a file, for the parts that are measured by themselves.</param>
    private sealed record Update(string Path, Func<IUpdateReader> Open, BeginUploadRequest Begin, UpdateManifest Manifest, string Model, long ModelBytes)
    {
        /// <summary>Lets the site work up to its upload.</summary>
        public static async Task<Update> PrepareAsync(LightSite site, Consortium consortium)
        {
            var context = site.Context;
            Assignment? upload = null;
            for (var known = new List<string>(); upload is null;)
            {
                var request = new PollRequest { ProtocolVersion = Protocol.Version, WaitSeconds = 5 };
                request.Known.AddRange(known);
                var answer = await context.Link.Calls.CallAsync(context.Link.Control, o => context.Link.Site.PollAsync(request, o), CancellationToken.None);
                foreach (var assignment in answer.Assignments.Where(a => !known.Contains(a.Id)))
                {
                    known.Add(assignment.Id);
                    if (assignment.Kind == Assignment.Types.Kind.Upload)
                    {
                        upload = assignment;
                    }
                    else
                    {
                        await site.Worker.DoAsync(assignment, CancellationToken.None);
                    }
                }
            }

            var run = await new RunBook(context).GetAsync(upload.Run, CancellationToken.None);
            var folder = run.Folder.Round(upload.Round, upload.Attempt);
            var open = Documents.Read<RoundOpenDocument>(folder.Open);
            var fetched = await new RunBook(context).FetchAsync(upload.Run, upload.Round, upload.Attempt, CancellationToken.None);
            var roster = Documents.AcceptAndKeep<RosterDocument>(context, fetched.Roster, folder.Roster);
            var global = await site.Artifacts.GetAsync(open.Context.Model, (_, _) => { }, CancellationToken.None);
            var local = Contracts.Json.CanonicalJson.Read<Training.Rounds.RoundOutcome>(await File.ReadAllBytesAsync(folder.Outcome)).LocalModelPath;
            UpdateEncoder Open() => new(run.Layout, roster, context.Site, new UpdateFiles(global, new Dictionary<string, string>(), local));
            using var update = Open();
            var raw = System.IO.Path.Combine(folder.Root, "raw");
            Contracts.Storage.DurableFile.Write(raw, to => Copy(update, to));
            var roundContext = RoundContexts.Round(RoundContexts.Open(open.Context), Documents.HashOf(fetched.Roster));
            var signed = Documents.MakeOnce(context, folder.Manifest, () => UpdateManifests.Describe(update, context.Site, roundContext));
            return new Update(
                raw,
                Open,
                new BeginUploadRequest { Run = upload.Run, Round = upload.Round, Attempt = upload.Attempt, Manifest = signed },
                Documents.Read<UpdateManifest>(folder.Manifest),
                open.Context.Model,
                new FileInfo(global).Length);
        }

        private static void Copy(IUpdateReader update, Stream to)
        {
            var buffer = new byte[Mebi];
            for (long done = 0; done < update.Bytes;)
            {
                var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, update.Bytes - done));
                update.Read(done, part);
                to.Write(part);
                done += part.Length;
            }
        }

        /// <summary>Delivers the update as if nothing of it had been delivered before.</summary>
        /// <returns>Bytes of the update that were sent.</returns>
        public async Task<long> SendAsync(LightSite site, Consortium consortium)
        {
            var uploads = System.IO.Path.Combine(consortium.Folder, "uploads");
            if (Directory.Exists(uploads))
            {
                Directory.Delete(uploads, recursive: true);
            }

            var uploader = new ChunkUploader(site.Context.Link, TimeProvider.System, TransferLimits.Default);
            await uploader.SendAsync(Begin, Manifest, Open, (_, _) => { }, CancellationToken.None);
            return uploader.SentBytes;
        }

        /// <summary>Fetches the model as if it had not been fetched before.</summary>
        public async Task FetchAsync(LightSite site)
        {
            File.Delete(System.IO.Path.Combine(site.Context.Folder.Artifacts, Model));
            await site.Artifacts.GetAsync(Model, (_, _) => { }, CancellationToken.None);
        }
    }
}
