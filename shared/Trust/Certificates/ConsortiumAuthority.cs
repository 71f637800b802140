using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Trust.Certificates;

/// <summary>The consortium's certificate authority: one P-256 key that issues short-lived certificates directly.</summary>
public sealed class ConsortiumAuthority : IDisposable
{
    /// <summary>Longest life of any certificate below the CA.</summary>
    public static readonly TimeSpan MaximumLifetime = TimeSpan.FromDays(30);

    private static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(3650);

    /// <summary>Certificates begin a little in the past, because clocks of hospitals differ.</summary>
    /// <summary>A machine whose clock is a wrong time zone or a summer time off still takes part.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromHours(2);

    private const int MaximumRequestBytes = 8 * 1024;
    private const string NistP256 = "1.2.840.10045.3.1.7";

    private readonly X509Certificate2 _certificateWithKey;
    private readonly TimeProvider _time;

    private ConsortiumAuthority(X509Certificate2 certificateWithKey, TimeProvider time)
    {
        _certificateWithKey = certificateWithKey;
        _time = time;
        Certificate = X509CertificateLoader.LoadCertificate(certificateWithKey.RawDataMemory.Span);
        Consortium = CertificateIdentity.ConsortiumOf(certificateWithKey)
            ?? throw ErrorCatalogue.CertificateRefused.With("The CA certificate does not name a consortium.");
    }

    /// <summary>The CA certificate without its key.</summary>
    public X509Certificate2 Certificate { get; }

    public string Consortium { get; }

    /// <summary>Creates a CA and writes <c>ca.crt</c> and <c>ca.key</c> (mode 0600) into a folder.</summary>
    /// <exception cref="FederationException">BMF-1009 when the folder already holds a CA, BMF-1007 for a bad name.</exception>
    public static ConsortiumAuthority Create(string consortium, string folder, TimeProvider time)
    {
        Names.Require(consortium, "Consortium");
        var (certificatePath, keyPath) = Paths(folder);
        if (File.Exists(certificatePath))
        {
            throw ErrorCatalogue.AlreadyRunning.With($"{certificatePath} exists; a second CA would orphan every certificate of the first.");
        }

        using var key = CertificateFiles.CreateKey();
        var request = new CertificateRequest($"CN={consortium} consortium CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(AlternativeNames(CertificateIdentity.AuthorityUri(consortium), []));
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now - ClockTolerance, now + AuthorityLifetime);

        // The key first: a certificate without its key would look like an initialised folder.
        CertificateFiles.SaveKey(keyPath, key);
        CertificateFiles.SaveCertificate(certificatePath, certificate);
        return new ConsortiumAuthority(CertificateFiles.LoadWithKey(certificatePath, keyPath), time);
    }

    /// <exception cref="FederationException">BMF-1010 when there is no CA in the folder.</exception>
    public static ConsortiumAuthority Load(string folder, TimeProvider time)
    {
        var (certificatePath, keyPath) = Paths(folder);
        return new ConsortiumAuthority(CertificateFiles.LoadWithKey(certificatePath, keyPath), time);
    }

    /// <summary>Issues a certificate for a key that was born elsewhere.</summary>
    /// <param name="pkcs10Der">Certificate request, at most 8 KiB; its subject and extensions are ignored.</param>
    /// <param name="role">Role in the identity.</param>
    /// <param name="name">Name in the identity, 1..63 of a-z, 0-9, hyphen.</param>
    /// <param name="lifetime">More than 0, at most 30 days.</param>
    /// <exception cref="FederationException">BMF-1202 when the request is malformed, not signed by its key, or not P-256.</exception>
    public X509Certificate2 IssueFromRequest(byte[] pkcs10Der, CertificateRole role, string name, TimeSpan lifetime)
    {
        if (pkcs10Der.Length > MaximumRequestBytes)
        {
            throw ErrorCatalogue.CertificateRefused.With($"The certificate request has {pkcs10Der.Length} bytes; at most {MaximumRequestBytes} are allowed.");
        }

        try
        {
            var request = CertificateRequest.LoadSigningRequest(pkcs10Der, HashAlgorithmName.SHA256);
            using var key = request.PublicKey.GetECDsaPublicKey();
            if (key is null || key.ExportParameters(false).Curve.Oid.Value != NistP256)
            {
                throw ErrorCatalogue.CertificateRefused.With("The certificate request's key is not ECDSA P-256.");
            }

            return Issue(request.PublicKey, role, name, lifetime, []);
        }
        catch (CryptographicException e)
        {
            throw ErrorCatalogue.CertificateRefused.With($"The certificate request cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Issues the TLS server's certificate.</summary>
    /// <param name="hosts">DNS names and IP addresses that clients dial; localhost and 127.0.0.1 are always included.</param>
    /// <param name="key">The server's key, P-256.</param>
    /// <param name="name">Name in the identity.</param>
    /// <param name="lifetime">More than 0, at most 30 days.</param>
    /// <returns>The certificate without its key; <see cref="CertificateFiles.Join"/> puts both together.</returns>
    public X509Certificate2 IssueServer(IEnumerable<string> hosts, ECDsa key, string name, TimeSpan lifetime) =>
        Issue(new PublicKey(key), CertificateRole.Server, name, lifetime, hosts.Concat(["localhost", "127.0.0.1", "::1"]));

    /// <summary>Issues a certificate for a key of this machine, for example the aggregator's signing key.</summary>
    public X509Certificate2 Issue(ECDsa key, CertificateRole role, string name, TimeSpan lifetime) =>
        Issue(new PublicKey(key), role, name, lifetime, []);

    public void Dispose()
    {
        _certificateWithKey.Dispose();
        Certificate.Dispose();
    }

    private static (string Certificate, string Key) Paths(string folder) => (Path.Combine(folder, "ca.crt"), Path.Combine(folder, "ca.key"));

    private static X509Extension AlternativeNames(string uri, IEnumerable<string> hosts)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(uri));
        foreach (var host in hosts.Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (IPAddress.TryParse(host, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        return names.Build();
    }

    private X509Certificate2 Issue(PublicKey key, CertificateRole role, string name, TimeSpan lifetime, IEnumerable<string> hosts)
    {
        Names.Require(name, "Certificate name");
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lifetime, MaximumLifetime);
        var identity = new CertificateIdentity(Consortium, role, name);
        var request = new CertificateRequest(
            new X500DistinguishedName($"CN={name}, OU={CertificateIdentity.RoleName(role)}, O={Consortium}"), key, HashAlgorithmName.SHA256);
        var usages = new OidCollection();
        foreach (var purpose in CertificatePurposes.Of(role))
        {
            usages.Add(CertificatePurposes.KeyUsage(purpose));
        }

        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(key, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificateWithKey, true, false));
        request.CertificateExtensions.Add(AlternativeNames(identity.Uri, hosts));
        var now = _time.GetUtcNow();
        var begin = Later(now - ClockTolerance, new DateTimeOffset(_certificateWithKey.NotBefore));
        var end = Earlier(now + lifetime, new DateTimeOffset(_certificateWithKey.NotAfter));

        // A positive serial of 16 random bytes (RFC 5280 §4.1.2.2 allows 20).
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F;
        serial[0] |= 0x01;
        return request.Create(_certificateWithKey, begin, end, serial);
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
