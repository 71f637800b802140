using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Certificates;
using BrainMVP.Federated.Trust.Transport;
using Google.Protobuf;
using Grpc.Core;

namespace BrainMVP.Federated.Faults;

/// <summary>
/// A second client with north's own certificate that sends north's messages again, in other orders, altered, and in
/// later rounds. South's agent is stopped meanwhile, so that each step stays open for as long as this takes.
/// </summary>
public static partial class Messages
{
    private const string Run = "simulation";
    private const int Stop = 19;
    private const int Continue = 18;
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(20);

    public static async Task<string> Disturb(RunningSimulation simulation, CancellationToken cancellation)
    {
        await simulation.Until(() => File.Exists(Path.Combine(simulation.Round("north", 1), "open.json")), "the first round at north", cancellation);
        var south = simulation.Agent("south");
        var (repeated, refused) = (0, 0);
        using var replay = new Replay(simulation);

        // While the reports are open.
        Send(south, Stop);
        SignedDocument report, manifest;
        byte[] update;
        try
        {
            report = await replay.Document("report.json", cancellation);
            for (var i = 0; i < 3; i++)
            {
                await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => replay.Report(1, report, cancellation)));
                repeated += 4;
            }

            refused += await Refused(ErrorCatalogue.SignatureInvalid, () => replay.Report(1, Altered(report), cancellation));
            refused += await Refused(ErrorCatalogue.RoundClosed, () => replay.Report(2, report, cancellation));
        }
        finally
        {
            Send(south, Continue);
        }

        // While the uploads are open.
        await simulation.Until(() => File.Exists(Path.Combine(simulation.Round("south", 1), "roster.json")), "the roster at south", cancellation);
        Send(south, Stop);
        try
        {
            manifest = await replay.Document("manifest.json", cancellation);
            await simulation.Until(() => File.Exists(Path.Combine(simulation.Round("north", 1), "delivered.json")), "north's delivery", cancellation);
            using var content = JsonDocument.Parse(manifest.Content.Memory);
            var bytes = content.RootElement.GetProperty("bytes").GetInt64();
            var chunks = content.RootElement.GetProperty("chunks").GetArrayLength();
            update = await Arrived(simulation, content.RootElement, cancellation);
            for (var i = 0; i < 3; i++)
            {
                Must((await replay.Begin(1, manifest, cancellation)).Missing.Count == 0, "chunks are asked for that were delivered");
                repeated++;
            }

            var order = Enumerable.Range(0, chunks).Reverse().SelectMany(c => (int[])[c, c]).ToArray();
            Must(await replay.Chunks(1, update, bytes, order, cancellation) == order.Length, "chunks sent again in reverse order are not acknowledged");
            repeated += order.Length;
            var other = (byte[])update.Clone();
            other[^1] ^= 1;
            refused += await Refused(ErrorCatalogue.ArtifactCorrupt, () => replay.Chunks(1, other, bytes, [chunks - 1], cancellation));
            for (var i = 0; i < 3; i++)
            {
                await replay.Complete(1, HashOf(manifest), cancellation);
                repeated++;
            }

            refused += await Refused(ErrorCatalogue.ContextMismatch, () => replay.Complete(1, HashOf(report), cancellation));
        }
        finally
        {
            Send(south, Continue);
        }

        // In the next round, and into it.
        await simulation.Until(() => File.Exists(Path.Combine(simulation.Round("south", 2), "open.json")), "the second round at south", cancellation);
        refused += await Refused(ErrorCatalogue.ContextMismatch, () => replay.Report(2, report, cancellation));
        refused += await Refused(ErrorCatalogue.RoundClosed, () => replay.Begin(2, manifest, cancellation), ErrorCatalogue.ContextMismatch);
        refused += await Refused(ErrorCatalogue.RoundClosed, () => replay.Chunks(1, update, update.Length, [0], cancellation));
        return string.Create(CultureInfo.InvariantCulture, $"{repeated} repeated, {refused} altered or replayed and refused");
    }

    /// <summary>The update that a manifest describes, as it lies at the aggregator: the site keeps no copy of it.</summary>
    private static async Task<byte[]> Arrived(RunningSimulation simulation, JsonElement manifest, CancellationToken cancellation)
    {
        var bytes = manifest.GetProperty("bytes").GetInt64();
        var last = manifest.GetProperty("chunks").EnumerateArray().Last().GetString();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(simulation.Out, "work", "aggregator", "uploads"), "*", SearchOption.AllDirectories).Where(f => new FileInfo(f).Length == bytes))
        {
            var content = await File.ReadAllBytesAsync(file, cancellation);
            var start = (content.Length - 1) / Protocol.UpdateChunkBytes * Protocol.UpdateChunkBytes;
            if (Convert.ToHexStringLower(SHA256.HashData(content.AsSpan(start))) == last)
            {
                return content;
            }
        }

        throw new InvalidOperationException("the delivered update is not at the aggregator");
    }

    private static void Must(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException(what);
        }
    }

    private static string HashOf(SignedDocument document) => Convert.ToHexStringLower(SHA256.HashData(document.Content.Span));

    private static SignedDocument Altered(SignedDocument document)
    {
        var text = document.Content.ToStringUtf8();
        var at = text.IndexOf("\"steps\":", StringComparison.Ordinal) + "\"steps\":".Length;
        return new SignedDocument { Content = ByteString.CopyFromUtf8(text[..at] + "9" + text[at..]), Signature = document.Signature };
    }

    private static async Task<int> Refused(ErrorCode expected, Func<Task> send, ErrorCode? orElse = null)
    {
        try
        {
            await send();
        }
        catch (RpcException e)
        {
            var code = RpcErrors.Translate(e).Code;
            Must(code == expected || code == orElse, $"{code.Id} instead of {expected.Id}: {e.Status.Detail}");
            return 1;
        }
        catch (FederationException e)
        {
            Must(e.Code == expected || e.Code == orElse, $"{e.Code.Id} instead of {expected.Id}: {e.Message}");
            return 1;
        }

        throw new InvalidOperationException($"A message that {expected.Id} should have refused was taken.");
    }

    private static void Send(int process, int signal)
    {
        if (SendTo(process, signal) != 0)
        {
            throw new InvalidOperationException($"Process {process} cannot be signalled.");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendTo(int process, int signal);

    /// <summary>The second client.</summary>
    private sealed class Replay : IDisposable
    {
        private readonly RunningSimulation _simulation;
        private readonly AggregatorChannel _channel;
        private readonly SiteService.SiteServiceClient _client;

        public Replay(RunningSimulation simulation)
        {
            _simulation = simulation;
            var trust = Path.Combine(simulation.Site("north"), "trust");
            var certificate = CertificateFiles.LoadWithKey(Path.Combine(trust, "site.pem"), Path.Combine(trust, "site.pem"));
            var url = AggregatorAddresses.Parse(File.ReadAllText(Path.Combine(simulation.Aggregator, "address")));
            _channel = new AggregatorChannel(url, new ServerTrust(CertificateFiles.LoadCertificate(Path.Combine(trust, "ca.crt")), TimeProvider.System), () => certificate);
            _client = new SiteService.SiteServiceClient(_channel.Invoker);
        }

        public async Task<SignedDocument> Document(string name, CancellationToken cancellation)
        {
            var path = Path.Combine(_simulation.Round("north", 1), name);
            await _simulation.Until(() => File.Exists(path), $"north's {name}", cancellation);
            return new SignedDocument
            {
                Content = ByteString.CopyFrom(await File.ReadAllBytesAsync(path, cancellation)),
                Signature = ByteString.CopyFrom(await File.ReadAllBytesAsync(path + ".p7s", cancellation)),
            };
        }

        public Task Report(int round, SignedDocument report, CancellationToken cancellation) =>
            _client.ReportAsync(new ReportRequest { Run = Run, Round = round, Attempt = 1, Report = report }, Options(cancellation)).ResponseAsync;

        public Task<BeginUploadResponse> Begin(int round, SignedDocument manifest, CancellationToken cancellation) =>
            _client.BeginUploadAsync(new BeginUploadRequest { Run = Run, Round = round, Attempt = 1, Manifest = manifest }, Options(cancellation)).ResponseAsync;

        public Task Complete(int round, string hash, CancellationToken cancellation) =>
            _client.CompleteUploadAsync(new CompleteUploadRequest { Run = Run, Round = round, Attempt = 1, ManifestHash = hash }, Options(cancellation)).ResponseAsync;

        /// <summary>Sends chunks in the given order and answers how many were acknowledged.</summary>
        public async Task<int> Chunks(int round, byte[] update, long bytes, int[] order, CancellationToken cancellation)
        {
            using var call = _client.UploadChunks(Options(cancellation));
            foreach (var chunk in order)
            {
                var begin = (long)chunk * Contracts.Documents.Protocol.UpdateChunkBytes;
                var end = Math.Min(bytes, begin + Contracts.Documents.Protocol.UpdateChunkBytes);
                for (var at = begin; at < end; at += Contracts.Documents.Protocol.MessageBytes)
                {
                    await call.RequestStream.WriteAsync(
                        new UploadPart { Run = Run, Round = round, Attempt = 1, Chunk = chunk, Data = ByteString.CopyFrom(update.AsSpan((int)at, (int)Math.Min(end - at, Contracts.Documents.Protocol.MessageBytes))) },
                        cancellation);
                }
            }

            await call.RequestStream.CompleteAsync();
            var acknowledged = 0;
            await foreach (var answer in call.ResponseStream.ReadAllAsync(cancellation))
            {
                acknowledged += answer.Code.Length == 0 ? (answer.Chunk < 0 ? 0 : 1) : throw (ErrorCatalogue.Find(answer.Code) ?? ErrorCatalogue.Unexpected).With(answer.Reason);
            }

            return acknowledged;
        }

        public void Dispose() => _channel.Dispose();

        private static CallOptions Options(CancellationToken cancellation) => new(deadline: DateTime.UtcNow + CallLimit, cancellationToken: cancellation);
    }
}
