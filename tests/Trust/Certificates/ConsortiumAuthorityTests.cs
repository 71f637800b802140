using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Trust.Certificates;

namespace BrainMVP.Federated.Trust.Tests.Certificates;

public sealed class ConsortiumAuthorityTests
{
    [Fact]
    public void The_key_file_is_readable_by_its_owner_only()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("File modes are a Unix matter.");
            return;
        }

        using var consortium = new Consortium();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(consortium.Folder, "ca.key")));
    }

    [Fact]
    public void A_loaded_authority_issues_certificates_that_the_created_one_trusts()
    {
        using var consortium = new Consortium();
        using var loaded = ConsortiumAuthority.Load(consortium.Folder, consortium.Time);
        using var key = CertificateFiles.CreateKey();
        using var certificate = loaded.IssueFromRequest(CertificateFiles.CreateRequest(key, "north"), CertificateRole.Site, "north", TimeSpan.FromDays(1));
        var identity = CertificateCheck.Require(certificate, consortium.Certificate, Consortium.Start, CertificatePurpose.Client, CertificateRole.Site);
        Assert.Equal("brainmvp://glioma-net/site/north", identity.Uri);
    }

    [Fact]
    public void The_requested_subject_does_not_reach_the_certificate()
    {
        using var consortium = new Consortium();
        using var key = CertificateFiles.CreateKey();
        using var certificate = consortium.Authority.IssueFromRequest(
            CertificateFiles.CreateRequest(key, "administrator"), CertificateRole.Site, "north", TimeSpan.FromDays(1));
        Assert.DoesNotContain("administrator", certificate.Subject, StringComparison.Ordinal);
        Assert.True(CertificateIdentity.TryRead(certificate, out var identity));
        Assert.Equal(new CertificateIdentity("glioma-net", CertificateRole.Site, "north"), identity);
    }

    [Fact]
    public void A_request_that_its_key_did_not_sign_is_refused()
    {
        using var consortium = new Consortium();
        using var key = CertificateFiles.CreateKey();
        var request = CertificateFiles.CreateRequest(key, "north");
        request[^1] ^= 1;
        AssertRefused(() => consortium.Authority.IssueFromRequest(request, CertificateRole.Site, "north", TimeSpan.FromDays(1)));
    }

    [Fact]
    public void Only_P256_keys_are_accepted()
    {
        using var consortium = new Consortium();
        using var wide = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        AssertRefused(() => consortium.Authority.IssueFromRequest(CertificateFiles.CreateRequest(wide, "north"), CertificateRole.Site, "north", TimeSpan.FromDays(1)));
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=north", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest();
        AssertRefused(() => consortium.Authority.IssueFromRequest(request, CertificateRole.Site, "north", TimeSpan.FromDays(1)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8193)]
    public void A_request_of_an_impossible_size_is_refused(int bytes)
    {
        using var consortium = new Consortium();
        AssertRefused(() => consortium.Authority.IssueFromRequest(new byte[bytes], CertificateRole.Site, "north", TimeSpan.FromDays(1)));
    }

    [Fact]
    public void Nothing_lives_longer_than_thirty_days()
    {
        using var consortium = new Consortium();
        using var key = CertificateFiles.CreateKey();
        Assert.Throws<ArgumentOutOfRangeException>(() => consortium.Authority.Issue(key, CertificateRole.Aggregator, "main", TimeSpan.FromDays(30.01)));
    }

    [Fact]
    public void A_second_authority_in_the_same_folder_is_refused()
    {
        using var consortium = new Consortium();
        var before = File.ReadAllText(Path.Combine(consortium.Folder, "ca.key"));
        var e = Assert.Throws<FederationException>(() => ConsortiumAuthority.Create("other", consortium.Folder, consortium.Time));
        Assert.Equal(ErrorCatalogue.AlreadyRunning, e.Code);
        Assert.Equal(before, File.ReadAllText(Path.Combine(consortium.Folder, "ca.key")));
    }

    [Fact]
    public void The_server_certificate_names_the_hosts_that_are_dialled()
    {
        using var consortium = new Consortium();
        using var server = consortium.Issue(CertificateRole.Server, "aggregator");
        Assert.True(server.MatchesHostname("aggregator.example"));
        Assert.True(server.MatchesHostname("localhost"));
        Assert.True(server.MatchesHostname("127.0.0.1"));
        Assert.False(server.MatchesHostname("elsewhere.example"));
    }

    [Fact]
    public void Key_and_certificate_survive_the_way_over_the_disk()
    {
        using var consortium = new Consortium();
        using var issued = consortium.Issue(CertificateRole.Site, "north");
        var (certificatePath, keyPath) = (Path.Combine(consortium.Folder, "a", "site.crt"), Path.Combine(consortium.Folder, "a", "site.key"));
        CertificateFiles.SaveKey(keyPath, issued.GetECDsaPrivateKey()!);
        CertificateFiles.SaveCertificate(certificatePath, issued);
        using var loaded = CertificateFiles.LoadWithKey(certificatePath, keyPath);
        Assert.Equal(Fingerprint.Of(issued), Fingerprint.Of(loaded));
        Assert.True(loaded.HasPrivateKey);

        using var other = CertificateFiles.CreateKey();
        CertificateFiles.SaveKey(keyPath, other);
        AssertRefused(() => CertificateFiles.LoadWithKey(certificatePath, keyPath));
    }

    private static void AssertRefused(Func<X509Certificate2> act) =>
        Assert.Equal(ErrorCatalogue.CertificateRefused, Assert.Throws<FederationException>(() => act()).Code);
}
