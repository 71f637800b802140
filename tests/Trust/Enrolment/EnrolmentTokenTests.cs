using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Trust.Certificates;
using BrainMVP.Federated.Trust.Enrolment;

namespace BrainMVP.Federated.Trust.Tests.Enrolment;

public sealed class EnrolmentTokenTests
{
    [Fact]
    public void A_token_survives_the_way_through_text()
    {
        using var consortium = new Consortium();
        var token = EnrolmentToken.Create(consortium.Certificate);
        var read = EnrolmentToken.Parse($"  {token}\n");
        Assert.Equal(token.SecretText, read.SecretText);
        Assert.Equal(token.SecretHash, read.SecretHash);
        Assert.Equal(Fingerprint.Of(consortium.Certificate), read.AuthorityFingerprint);
        Assert.Equal(EnrolmentToken.HashSecret(token.SecretText), token.SecretHash);
        Assert.InRange(token.SecretText.Length, 16, 256);
    }

    [Fact]
    public void Two_tokens_differ_in_their_secret()
    {
        using var consortium = new Consortium();
        Assert.NotEqual(EnrolmentToken.Create(consortium.Certificate).SecretText, EnrolmentToken.Create(consortium.Certificate).SecretText);
    }

    [Fact]
    public void The_hash_does_not_contain_the_secret()
    {
        using var consortium = new Consortium();
        var token = EnrolmentToken.Create(consortium.Certificate);
        Assert.Matches("^[0-9a-f]{64}$", token.SecretHash);
    }

    [Fact]
    public void Anything_else_is_no_token()
    {
        using var consortium = new Consortium();
        var good = EnrolmentToken.Create(consortium.Certificate).ToString();
        foreach (var text in new[] { "", "bmf1.", good[..^1], good + "A", "bmf2." + good[5..], good[5..], good[..10] + "?" + good[11..] })
        {
            var e = Assert.Throws<FederationException>(() => EnrolmentToken.Parse(text));
            Assert.Equal(ErrorCatalogue.TokenInvalid, e.Code);
        }
    }
}
