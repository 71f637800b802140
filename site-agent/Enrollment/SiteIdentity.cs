using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.SiteAgent.Hosting;
using BrainMVP.Federated.Trust.Certificates;
using BrainMVP.Federated.Trust.Documents;

namespace BrainMVP.Federated.SiteAgent.Enrollment;

/// <summary>The site's certificate and key, and the CA it pinned when it enrolled.</summary>
public sealed class SiteIdentity : IDisposable
{
    private readonly SiteFolder _folder;
    private readonly TimeProvider _time;
    private volatile X509Certificate2 _current;

    public SiteIdentity(SiteFolder folder, TimeProvider time)
    {
        _folder = folder;
        _time = time;
        Authority = CertificateFiles.LoadCertificate(folder.Authority);
        _current = CertificateFiles.LoadWithKey(folder.Identity, folder.Identity);
    }

    public X509Certificate2 Authority { get; }

    /// <summary>The certificate to present now.</summary>
    public X509Certificate2 Current => _current;

    /// <summary>Signs a document as this site.</summary>
    public byte[] Sign(ReadOnlyMemory<byte> content) => SignedDocuments.Sign(content, _current, _time);

    /// <summary>True when less than a third of the certificate's life is left.</summary>
    public bool IsDueForRenewal
    {
        get
        {
            var begin = new DateTimeOffset(_current.NotBefore);
            var end = new DateTimeOffset(_current.NotAfter);
            return _time.GetUtcNow() > end - ((end - begin) / 3);
        }
    }

    /// <summary>Puts a new certificate and its key in force. Open connections keep the old one until they end.</summary>
    public void Replace(X509Certificate2 certificate, ECDsa key)
    {
        CertificateFiles.SaveIdentity(_folder.Identity, certificate, key);

        // Not disposed: a handshake in another thread may hold the old one.
        _current = CertificateFiles.Join(certificate, key);
    }

    public void Dispose()
    {
        _current.Dispose();
        Authority.Dispose();
    }
}
