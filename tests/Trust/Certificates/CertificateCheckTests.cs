using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Trust.Certificates;

namespace BrainMVP.Federated.Trust.Tests.Certificates;

public sealed class CertificateCheckTests
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    [Theory]
    [InlineData(CertificateRole.Site, CertificatePurpose.Client, true)]
    [InlineData(CertificateRole.Site, CertificatePurpose.Signing, true)]
    [InlineData(CertificateRole.Site, CertificatePurpose.Server, false)]
    [InlineData(CertificateRole.Admin, CertificatePurpose.Client, true)]
    [InlineData(CertificateRole.Admin, CertificatePurpose.Server, false)]
    [InlineData(CertificateRole.Aggregator, CertificatePurpose.Signing, true)]
    [InlineData(CertificateRole.Aggregator, CertificatePurpose.Client, false)]
    [InlineData(CertificateRole.Aggregator, CertificatePurpose.Server, false)]
    [InlineData(CertificateRole.Server, CertificatePurpose.Server, true)]
    [InlineData(CertificateRole.Server, CertificatePurpose.Client, false)]
    [InlineData(CertificateRole.Server, CertificatePurpose.Signing, false)]
    public void Each_role_serves_its_own_purposes_only(CertificateRole role, CertificatePurpose purpose, bool accepted)
    {
        using var consortium = new Consortium();
        using var certificate = consortium.Issue(role, "holder");
        if (accepted)
        {
            Assert.Equal(role, CertificateCheck.Require(certificate, consortium.Certificate, Consortium.Start, purpose, role).Role);
        }
        else
        {
            var expected = purpose == CertificatePurpose.Server ? ErrorCatalogue.ServerUntrusted : ErrorCatalogue.CertificateRefused;
            Assert.Equal(expected, Refusal(certificate, consortium.Certificate, Consortium.Start, purpose, role));
        }
    }

    [Fact]
    public void A_certificate_of_another_authority_is_refused_even_under_the_same_names()
    {
        using var ours = new Consortium();
        using var theirs = new Consortium();
        using var certificate = theirs.Issue(CertificateRole.Site, "north");
        Assert.Equal(ErrorCatalogue.CertificateRefused, Refusal(certificate, ours.Certificate, Consortium.Start, CertificatePurpose.Client, CertificateRole.Site));
        using var server = theirs.Issue(CertificateRole.Server, "aggregator");
        Assert.Equal(ErrorCatalogue.ServerUntrusted, Refusal(server, ours.Certificate, Consortium.Start, CertificatePurpose.Server, CertificateRole.Server));
    }

    [Fact]
    public void A_site_certificate_does_not_open_the_administration()
    {
        using var consortium = new Consortium();
        using var certificate = consortium.Issue(CertificateRole.Site, "north");
        Assert.Equal(ErrorCatalogue.RoleMissing, Refusal(certificate, consortium.Certificate, Consortium.Start, CertificatePurpose.Client, CertificateRole.Admin));
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    [InlineData(29, true)]
    [InlineData(31, false)]
    public void A_certificate_counts_inside_its_validity_only(int days, bool accepted)
    {
        using var consortium = new Consortium();
        using var certificate = consortium.Issue(CertificateRole.Site, "north");
        var at = Consortium.Start.AddDays(days);
        if (accepted)
        {
            CertificateCheck.Require(certificate, consortium.Certificate, at, CertificatePurpose.Client, CertificateRole.Site);
        }
        else
        {
            Assert.Equal(ErrorCatalogue.CertificateRefused, Refusal(certificate, consortium.Certificate, at, CertificatePurpose.Client, CertificateRole.Site));
        }
    }

    [Theory]
    [InlineData("brainmvp://other-net/site/north")]
    [InlineData("brainmvp://glioma-net/root/north")]
    [InlineData("brainmvp://glioma-net/site/North")]
    [InlineData("brainmvp://glioma-net/site/north/extra")]
    [InlineData("spiffe://glioma-net/site/north")]
    public void An_identity_outside_the_consortium_is_refused(string uri)
    {
        using var consortium = new Consortium();
        using var certificate = consortium.Forge(uri, ClientAuthentication);
        Assert.Equal(ErrorCatalogue.CertificateRefused, Refusal(certificate, consortium.Certificate, Consortium.Start, CertificatePurpose.Client, CertificateRole.Site));
    }

    [Fact]
    public void A_certificate_must_say_what_it_may_be_used_for()
    {
        using var consortium = new Consortium();
        using var silent = consortium.Forge("brainmvp://glioma-net/site/north");
        using var server = consortium.Forge("brainmvp://glioma-net/site/north", ServerAuthentication);
        using var client = consortium.Forge("brainmvp://glioma-net/site/north", ClientAuthentication);
        Assert.Equal(ErrorCatalogue.CertificateRefused, Refusal(silent, consortium.Certificate, Consortium.Start, CertificatePurpose.Client, CertificateRole.Site));
        Assert.Equal(ErrorCatalogue.CertificateRefused, Refusal(server, consortium.Certificate, Consortium.Start, CertificatePurpose.Client, CertificateRole.Site));
        CertificateCheck.Require(client, consortium.Certificate, Consortium.Start, CertificatePurpose.Client, CertificateRole.Site);
    }

    [Fact]
    public void The_authority_itself_speaks_for_nobody()
    {
        using var consortium = new Consortium();
        Assert.Equal(ErrorCatalogue.CertificateRefused, Refusal(consortium.Certificate, consortium.Certificate, Consortium.Start, CertificatePurpose.Client, CertificateRole.Site));
    }

    private static ErrorCode Refusal(X509Certificate2 certificate, X509Certificate2 authority, DateTimeOffset at, CertificatePurpose purpose, CertificateRole role) =>
        Assert.Throws<FederationException>(() => CertificateCheck.Require(certificate, authority, at, purpose, role)).Code;
}
