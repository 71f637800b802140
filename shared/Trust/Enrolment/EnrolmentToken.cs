using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Trust.Certificates;

namespace BrainMVP.Federated.Trust.Enrolment;

/// <summary>
/// One-time token with which a site joins: a secret that proves the invitation, and the fingerprint of the CA, so that
/// the site trusts exactly one server before it has any certificate. Text: <c>bmf1.</c> and base64url of 24 + 32 bytes.
/// </summary>
public sealed class EnrolmentToken
{
    private const string Prefix = "bmf1.";
    private const int SecretBytes = 24;
    private const int FingerprintBytes = 32;

    private readonly byte[] _bytes;

    private EnrolmentToken(byte[] bytes)
    {
        _bytes = bytes;
    }

    /// <summary>What the site sends: 32 characters.</summary>
    public string SecretText => Base64Url.EncodeToString(_bytes.AsSpan(0, SecretBytes));

    /// <summary>SHA-256 of the CA certificate, 64 lower-case hexadecimal digits.</summary>
    public string AuthorityFingerprint => Convert.ToHexStringLower(_bytes.AsSpan(SecretBytes));

    /// <summary>What the aggregator stores instead of the secret.</summary>
    public string SecretHash => HashSecret(SecretText);

    /// <summary>The whole token as the administrator hands it over.</summary>
    public override string ToString() => Prefix + Base64Url.EncodeToString(_bytes);

    /// <summary>Makes a token with a fresh secret of 192 bits.</summary>
    public static EnrolmentToken Create(X509Certificate2 authority) =>
        new([.. RandomNumberGenerator.GetBytes(SecretBytes), .. Convert.FromHexString(Fingerprint.Of(authority))]);

    /// <exception cref="FederationException">BMF-1201 when the text is not a token.</exception>
    public static EnrolmentToken Parse(string text)
    {
        var trimmed = text.Trim();
        if (trimmed.StartsWith(Prefix, StringComparison.Ordinal))
        {
            try
            {
                var bytes = Base64Url.DecodeFromChars(trimmed.AsSpan(Prefix.Length));
                if (bytes.Length == SecretBytes + FingerprintBytes)
                {
                    return new EnrolmentToken(bytes);
                }
            }
            catch (FormatException)
            {
                // Falls through to the one message: the secret must not be echoed in parts.
            }
        }

        throw ErrorCatalogue.TokenInvalid.With($"A token begins with \"{Prefix}\" and has {Prefix.Length + Base64Url.GetEncodedLength(SecretBytes + FingerprintBytes)} characters; this one has {trimmed.Length}.");
    }

    /// <summary>Lower-case hexadecimal SHA-256 of a secret's text, as received over the wire.</summary>
    public static string HashSecret(string secretText) =>
        Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(secretText)));
}
