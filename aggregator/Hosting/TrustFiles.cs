using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Trust.Certificates;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>
/// The consortium's CA and the aggregator's own certificates in <c>DIR/trust</c>. Server and signer certificates live
/// 30 days and are issued again, for new keys, while at least ten days are left; the TLS listener takes the new one at
/// the next handshake.
/// </summary>
public sealed class TrustFiles : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(10);

    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly ConsortiumAuthority _authority;
    private readonly Lock _lock = new();
    private X509Certificate2? _server;
    private X509Certificate2? _signer;

    private TrustFiles(string folder, ConsortiumAuthority authority, TimeProvider time)
    {
        _folder = folder;
        _authority = authority;
        _time = time;
    }

    public string Consortium => _authority.Consortium;

    public X509Certificate2 Authority => _authority.Certificate;

    /// <summary>Issues certificates to sites.</summary>
    public ConsortiumAuthority Issuer => _authority;

    /// <summary>The TLS server certificate with key; renewed when due.</summary>
    public X509Certificate2 Server
    {
        get
        {
            lock (_lock)
            {
                return _server = Current(_server, "server", key => _authority.IssueServer(Hosts(), key, "aggregator", Lifetime));
            }
        }
    }

    /// <summary>The document signing certificate with key; renewed when due.</summary>
    public X509Certificate2 Signer
    {
        get
        {
            lock (_lock)
            {
                return _signer = Current(_signer, "signer", key => _authority.Issue(key, CertificateRole.Aggregator, "aggregator", Lifetime));
            }
        }
    }

    /// <summary>Creates a consortium: CA, host names, and the first administrator's credentials in <c>DIR/admin</c>.</summary>
    public static void Create(string dir, string consortium, IReadOnlyList<string> hosts, TimeProvider time)
    {
        var folder = Path.Combine(dir, "trust");
        if (File.Exists(Path.Combine(folder, "ca.key")))
        {
            throw ErrorCatalogue.AlreadyRunning.With($"{dir} already holds a consortium.");
        }

        Directory.CreateDirectory(folder);
        using var authority = ConsortiumAuthority.Create(consortium, folder, time);
        DurableFile.WriteAllText(Path.Combine(folder, "hosts"), string.Join('\n', hosts));
        WriteAdministrator(authority, Path.Combine(dir, "admin"), "first");
    }

    /// <exception cref="FederationException">BMF-1010 when the folder holds no consortium.</exception>
    public static TrustFiles Load(string dir, TimeProvider time)
    {
        var folder = Path.Combine(dir, "trust");
        if (!File.Exists(Path.Combine(folder, "ca.key")))
        {
            throw ErrorCatalogue.NotInitialised.With($"{dir} holds no consortium.");
        }

        return new TrustFiles(folder, ConsortiumAuthority.Load(folder, time), time);
    }

    /// <summary>Writes an administrator's key, certificate and the CA certificate into a folder.</summary>
    public static void WriteAdministrator(ConsortiumAuthority authority, string folder, string name)
    {
        Directory.CreateDirectory(folder);
        using var key = CertificateFiles.CreateKey();
        using var certificate = authority.Issue(key, CertificateRole.Admin, name, Lifetime);
        CertificateFiles.SaveKey(Path.Combine(folder, "admin.key"), key);
        CertificateFiles.SaveCertificate(Path.Combine(folder, "admin.crt"), certificate);
        CertificateFiles.SaveCertificate(Path.Combine(folder, "ca.crt"), authority.Certificate);
    }

    public void Dispose()
    {
        _server?.Dispose();
        _signer?.Dispose();
        _authority.Dispose();
    }

    private string[] Hosts() => File.ReadAllLines(Path.Combine(_folder, "hosts")).Where(h => h.Length > 0).ToArray();

    private X509Certificate2 Current(X509Certificate2? loaded, string name, Func<System.Security.Cryptography.ECDsa, X509Certificate2> issue)
    {
        var certificatePath = Path.Combine(_folder, name + ".crt");
        var keyPath = Path.Combine(_folder, name + ".key");
        loaded ??= File.Exists(certificatePath) && File.Exists(keyPath) ? CertificateFiles.LoadWithKey(certificatePath, keyPath) : null;
        if (loaded is not null && loaded.NotAfter.ToUniversalTime() - _time.GetUtcNow().UtcDateTime > RenewBefore)
        {
            return loaded;
        }

        using var key = CertificateFiles.CreateKey();
        using var certificate = issue(key);
        CertificateFiles.SaveKey(keyPath, key);
        CertificateFiles.SaveCertificate(certificatePath, certificate);
        return CertificateFiles.LoadWithKey(certificatePath, keyPath);
    }
}
