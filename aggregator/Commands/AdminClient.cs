using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace BrainMVP.Federated.Aggregator.Commands;

/// <summary>An administrator's connection: the credentials of <c>DIR/admin</c>, the address of <c>DIR/address</c> or given.</summary>
public sealed class AdminClient : IDisposable
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan TransferLimit = TimeSpan.FromHours(1);

    private readonly GrpcChannel _channel;
    private readonly X509Certificate2 _certificate;
    private readonly X509Certificate2 _authority;

    /// <param name="folder">The aggregator's folder, or one with an administrator's <c>admin</c> folder.</param>
    /// <param name="url">https address; null reads the folder's address file.</param>
    /// <exception cref="FederationException">BMF-1010 when credentials or address are missing.</exception>
    public AdminClient(AggregatorFolder folder, string? url)
    {
        var certificate = Path.Combine(folder.Admin, "admin.crt");
        if (!File.Exists(certificate) || (url is null && !File.Exists(folder.Address)))
        {
            throw ErrorCatalogue.NotInitialised.With($"{folder.Root} has no administrator credentials, or no aggregator was started there yet (give --url).");
        }

        _certificate = CertificateFiles.LoadWithKey(certificate, Path.Combine(folder.Admin, "admin.key"));
        _authority = CertificateFiles.LoadCertificate(Path.Combine(folder.Admin, "ca.crt"));
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(15),
            SslOptions = new SslClientAuthenticationOptions
            {
                LocalCertificateSelectionCallback = (_, _, _, _, _) => _certificate,
                RemoteCertificateValidationCallback = (_, server, _, errors) => IsServer(server, errors),
            },
        };
        _channel = GrpcChannel.ForAddress(url ?? File.ReadAllText(folder.Address).Trim(), new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = 64 << 20,
        });
        Admin = new AdminService.AdminServiceClient(_channel);
    }

    public AdminService.AdminServiceClient Admin { get; }

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

    private ArtifactService.ArtifactServiceClient Artifacts() => new(_channel);

    private bool IsServer(X509Certificate? presented, SslPolicyErrors errors)
    {
        if (presented is not X509Certificate2 server || errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return false;
        }

        try
        {
            CertificateCheck.Require(server, _authority, TimeProvider.System.GetUtcNow(), CertificatePurpose.Server, CertificateRole.Server);
            return true;
        }
        catch (FederationException e)
        {
            Console.Error.WriteLine(e.ToDisplayText());
            return false;
        }
    }
}
