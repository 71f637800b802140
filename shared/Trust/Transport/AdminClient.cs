using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Certificates;
using Google.Protobuf;
using Grpc.Core;

namespace BrainMVP.Federated.Trust.Transport;

/// <summary>An administrator's connection to the aggregator over mutual TLS.</summary>
public sealed class AdminClient : IDisposable
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan TransferLimit = TimeSpan.FromHours(1);

    private readonly AggregatorChannel _channel;
    private readonly X509Certificate2 _certificate;
    private readonly X509Certificate2 _authority;

    /// <param name="credentials">Folder with <c>admin.crt</c>, <c>admin.key</c> and <c>ca.crt</c>.</param>
    /// <param name="url">https address of the aggregator, or those of several silos separated by commas.</param>
    public AdminClient(string credentials, string url)
    {
        _certificate = CertificateFiles.LoadWithKey(Path.Combine(credentials, "admin.crt"), Path.Combine(credentials, "admin.key"));
        _authority = CertificateFiles.LoadCertificate(Path.Combine(credentials, "ca.crt"));
        _channel = new AggregatorChannel(AggregatorAddresses.Parse(url), new ServerTrust(_authority, TimeProvider.System), () => _certificate);
        Admin = new AdminService.AdminServiceClient(_channel.Invoker);
        Releases = new ReleaseService.ReleaseServiceClient(_channel.Invoker);
    }

    public AdminService.AdminServiceClient Admin { get; }

    public ReleaseService.ReleaseServiceClient Releases { get; }

    /// <summary>
    /// Connects with the credentials in <c>DIR/admin</c> to the given address, to the one in <c>DIR/address</c>, or to the
    /// silos that wrote theirs into <c>DIR/silos</c>.
    /// </summary>
    /// <exception cref="FederationException">BMF-1010 when credentials or address are missing.</exception>
    public static AdminClient FromFolder(string dir, string? url)
    {
        var credentials = Path.Combine(dir, "admin");
        var address = Path.Combine(dir, "address");
        var silos = Path.Combine(dir, "silos");
        url ??= Directory.Exists(silos) && Directory.GetFiles(silos, "*.address") is { Length: > 0 } files
            ? string.Join(',', files.Order(StringComparer.Ordinal).Select(f => File.ReadAllText(f).Trim()))
            : File.Exists(address) ? File.ReadAllText(address).Trim() : null;
        return File.Exists(Path.Combine(credentials, "admin.crt")) && url is not null
            ? new AdminClient(credentials, url)
            : throw ErrorCatalogue.NotInitialised.With($"{dir} has no administrator credentials, or no aggregator was started there yet (give --url).");
    }

    public static CallOptions Options(CancellationToken cancellation) => new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + CallLimit, cancellationToken: cancellation);

    /// <summary>Sends a file and returns its artifact name.</summary>
    public async Task<string> Upload(string path, CancellationToken cancellation)
    {
        string hash;
        await using (var file = File.OpenRead(path))
        {
            hash = Convert.ToHexStringLower(await System.Security.Cryptography.SHA256.HashDataAsync(file, cancellation));
        }

        using var call = Artifacts().Upload(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + TransferLimit, cancellationToken: cancellation);
        await using var source = File.OpenRead(path);
        var buffer = new byte[Protocol.MessageBytes];
        var first = true;
        int read;
        while ((read = await source.ReadAsync(buffer, cancellation)) > 0 || first)
        {
            await call.RequestStream.WriteAsync(new ArtifactPart { Hash = first ? hash : "", Data = UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, read)) }, cancellation);
            first = false;
        }

        await call.RequestStream.CompleteAsync();
        return (await call).Hash;
    }

    /// <summary>Fetches an artifact into a file; the bytes are verified before the file appears.</summary>
    public async Task Download(string hash, string path, CancellationToken cancellation)
    {
        using var call = Artifacts().Download(new DownloadRequest { Hash = hash }, deadline: TimeProvider.System.GetUtcNow().UtcDateTime + TransferLimit, cancellationToken: cancellation);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var temporary = path + ".part";
        using var sha = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        await using (var file = File.Create(temporary))
        {
            await foreach (var part in call.ResponseStream.ReadAllAsync(cancellation))
            {
                sha.AppendData(part.Data.Span);
                await file.WriteAsync(part.Data.Memory, cancellation);
            }

            file.Flush(flushToDisk: true);
        }

        if (Convert.ToHexStringLower(sha.GetHashAndReset()) != hash)
        {
            File.Delete(temporary);
            throw ErrorCatalogue.ArtifactCorrupt.With($"Artifact {hash} arrived with other bytes.");
        }

        DurableFile.Publish(temporary, path);
    }

    /// <summary>A stable submission token for the same run and plan, so that a repeated command creates one run.</summary>
    public static string SubmissionToken(string run, byte[] plan) => CanonicalJson.Hash([.. System.Text.Encoding.UTF8.GetBytes(run), .. plan]);

    public void Dispose()
    {
        _channel.Dispose();
        _certificate.Dispose();
        _authority.Dispose();
    }

    private ArtifactService.ArtifactServiceClient Artifacts() => new(_channel.Invoker);
}
