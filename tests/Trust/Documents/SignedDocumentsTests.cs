using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Trust.Certificates;
using BrainMVP.Federated.Trust.Documents;
using CsCheck;

namespace BrainMVP.Federated.Trust.Tests.Documents;

public sealed class SignedDocumentsTests
{
    private static readonly byte[] Content = Encoding.UTF8.GetBytes("{\"round\":3}");

    [Fact]
    public void A_signature_verifies_and_names_its_signer()
    {
        using var consortium = new Consortium();
        using var signer = consortium.Issue(CertificateRole.Aggregator, "main");
        var signature = SignedDocuments.Sign(Content, signer, consortium.Time);
        var identity = SignedDocuments.Verify(Content, signature, consortium.Certificate, Consortium.Start);
        Assert.Equal(new CertificateIdentity("glioma-net", CertificateRole.Aggregator, "main"), identity);
    }

    [Fact]
    public void Any_changed_bit_of_the_document_is_found()
    {
        using var consortium = new Consortium();
        using var signer = consortium.Issue(CertificateRole.Aggregator, "main");
        Gen.Select(Gen.Byte.Array[1, 200], Gen.Int[0, 1 << 20]).Sample(
            (content, position) =>
            {
                var signature = SignedDocuments.Sign(content, signer, consortium.Time);
                var bit = position % (content.Length * 8);
                content[bit / 8] ^= (byte)(1 << (bit % 8));
                Refused(content, signature, consortium);
            },
            iter: 30);
    }

    [Fact]
    public void A_signature_of_another_document_is_refused()
    {
        using var consortium = new Consortium();
        using var signer = consortium.Issue(CertificateRole.Aggregator, "main");
        var signature = SignedDocuments.Sign(Encoding.UTF8.GetBytes("{\"round\":4}"), signer, consortium.Time);
        Refused(Content, signature, consortium);
    }

    [Fact]
    public void A_signer_of_another_consortium_is_refused()
    {
        using var consortium = new Consortium();
        using var other = new Consortium();
        using var signer = other.Issue(CertificateRole.Aggregator, "main");
        Refused(Content, SignedDocuments.Sign(Content, signer, consortium.Time), consortium);
    }

    [Fact]
    public void A_server_certificate_signs_no_documents()
    {
        using var consortium = new Consortium();
        using var signer = consortium.Issue(CertificateRole.Server, "aggregator");
        Refused(Content, SignedDocuments.Sign(Content, signer, consortium.Time), consortium);
    }

    [Fact]
    public void A_site_cannot_sign_for_the_aggregator_or_for_another_site()
    {
        using var consortium = new Consortium();
        using var north = consortium.Issue(CertificateRole.Site, "north");
        var signature = SignedDocuments.Sign(Content, north, consortium.Time);
        SignedDocuments.VerifyAs(Content, signature, consortium.Certificate, Consortium.Start, CertificateRole.Site, "north");
        Assert.Equal(ErrorCatalogue.SignatureInvalid, Assert.Throws<FederationException>(() =>
            SignedDocuments.VerifyAs(Content, signature, consortium.Certificate, Consortium.Start, CertificateRole.Aggregator)).Code);
        Assert.Equal(ErrorCatalogue.SignatureInvalid, Assert.Throws<FederationException>(() =>
            SignedDocuments.VerifyAs(Content, signature, consortium.Certificate, Consortium.Start, CertificateRole.Site, "south")).Code);
    }

    [Fact]
    public void Two_signers_are_one_too_many()
    {
        using var consortium = new Consortium();
        using var first = consortium.Issue(CertificateRole.Aggregator, "main");
        using var second = consortium.Issue(CertificateRole.Aggregator, "spare");
        var cms = new SignedCms(new ContentInfo(Content), detached: true);
        cms.ComputeSignature(new CmsSigner(first) { DigestAlgorithm = new Oid("2.16.840.1.101.3.4.2.1") });
        cms.ComputeSignature(new CmsSigner(second) { DigestAlgorithm = new Oid("2.16.840.1.101.3.4.2.1") });
        Refused(Content, cms.Encode(), consortium);
    }

    [Fact]
    public void Bytes_that_are_no_signature_are_refused()
    {
        using var consortium = new Consortium();
        Refused(Content, [], consortium);
        Refused(Content, [1, 2, 3], consortium);
        Refused(Content, new byte[SignedDocuments.MaximumSignatureBytes + 1], consortium);
    }

    [Fact]
    public void An_archived_document_outlives_the_certificate_that_signed_it()
    {
        using var consortium = new Consortium();
        using var signer = consortium.Issue(CertificateRole.Aggregator, "main", days: 1);
        var signature = SignedDocuments.Sign(Content, signer, consortium.Time);
        var later = Consortium.Start.AddDays(400);
        Assert.Throws<FederationException>(() => SignedDocuments.Verify(Content, signature, consortium.Certificate, later));
        Assert.Equal("main", SignedDocuments.Verify(Content, signature, consortium.Certificate, later, archived: true).Name);
    }

    [Fact]
    public void An_expired_certificate_makes_no_archived_documents()
    {
        using var consortium = new Consortium();
        using var signer = consortium.Issue(CertificateRole.Aggregator, "main", days: 1);
        consortium.Time.Advance(TimeSpan.FromDays(5));
        var signature = SignedDocuments.Sign(Content, signer, consortium.Time);
        Assert.Throws<FederationException>(() => SignedDocuments.Verify(Content, signature, consortium.Certificate, consortium.Time.GetUtcNow(), archived: true));
    }

    [Fact]
    public void A_signing_time_in_the_future_is_refused()
    {
        using var consortium = new Consortium();
        using var signer = consortium.Issue(CertificateRole.Aggregator, "main");
        consortium.Time.Advance(TimeSpan.FromDays(2));
        var signature = SignedDocuments.Sign(Content, signer, consortium.Time);
        Assert.Throws<FederationException>(() => SignedDocuments.Verify(Content, signature, consortium.Certificate, Consortium.Start.AddDays(1), archived: true));
    }

    private static void Refused(byte[] content, byte[] signature, Consortium consortium) =>
        Assert.Equal(
            ErrorCatalogue.SignatureInvalid,
            Assert.Throws<FederationException>(() => SignedDocuments.Verify(content, signature, consortium.Certificate, Consortium.Start)).Code);
}
