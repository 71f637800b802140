using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Trust.Certificates;
using Microsoft.Extensions.Time.Testing;

namespace BrainMVP.Federated.Trust.Tests;

/// <summary>A CA in a temporary folder with a clock that tests move.</summary>
internal sealed class Consortium : IDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public Consortium(string name = "glioma-net")
    {
        Folder = Directory.CreateTempSubdirectory("trust-").FullName;
        Time = new FakeTimeProvider(Start);
        Authority = ConsortiumAuthority.Create(name, Folder, Time);
    }

    public string Folder { get; }

    public FakeTimeProvider Time { get; }

    public ConsortiumAuthority Authority { get; }

    public X509Certificate2 Certificate => Authority.Certificate;

    public X509Certificate2 Issue(CertificateRole role, string name, int days = 30)
    {
        using var key = CertificateFiles.CreateKey();
        using var certificate = role == CertificateRole.Server
            ? Authority.IssueServer(["aggregator.example"], key, name, TimeSpan.FromDays(days))
            : Authority.IssueFromRequest(CertificateFiles.CreateRequest(key, name), role, name, TimeSpan.FromDays(days));
        return CertificateFiles.Join(certificate, key);
    }

    /// <summary>A leaf with any identity and usage, as an authority with other rules would issue it.</summary>
    public X509Certificate2 Forge(string uri, params string[] usages)
    {
        using var key = CertificateFiles.CreateKey();
        var request = new CertificateRequest("CN=forged", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(uri));
        request.CertificateExtensions.Add(names.Build());
        if (usages.Length > 0)
        {
            var oids = new OidCollection();
            foreach (var usage in usages)
            {
                oids.Add(new Oid(usage));
            }

            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(oids, true));
        }

        using var withKey = CertificateFiles.LoadWithKey(Path.Combine(Folder, "ca.crt"), Path.Combine(Folder, "ca.key"));
        using var certificate = request.Create(withKey, Start.AddMinutes(-1), Start.AddDays(10), [1, 2, 3]);
        return CertificateFiles.Join(certificate, key);
    }

    public void Dispose()
    {
        Authority.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
