using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Trust.Certificates;

/// <summary>Who a certificate speaks for, read from its subject alternative name <c>brainmvp://CONSORTIUM/ROLE/NAME</c>.</summary>
public sealed record CertificateIdentity(string Consortium, CertificateRole Role, string Name)
{
    private const string Scheme = "brainmvp://";
    private const string AlternativeNames = "2.5.29.17";

    /// <summary>The URI form.</summary>
    public string Uri => $"{Scheme}{Consortium}/{RoleName(Role)}/{Name}";

    public static string RoleName(CertificateRole role) => role.ToString().ToLowerInvariant();

    /// <summary>Reads the identity. Says nothing about trust: <see cref="CertificateCheck"/> does.</summary>
    /// <returns>False when there is no such URI, more than one, or one that is malformed.</returns>
    public static bool TryRead(X509Certificate2 certificate, [NotNullWhen(true)] out CertificateIdentity? identity)
    {
        identity = null;
        var uris = Uris(certificate);
        return uris.Count == 1 && TryParse(uris[0], out identity);
    }

    /// <summary>Consortium that a CA certificate names in <c>brainmvp://CONSORTIUM/</c>; null when it names none.</summary>
    public static string? ConsortiumOf(X509Certificate2 authority)
    {
        var uris = Uris(authority);
        if (uris.Count != 1 || !uris[0].EndsWith('/'))
        {
            return null;
        }

        var consortium = uris[0][Scheme.Length..^1];
        return Names.IsValid(consortium) ? consortium : null;
    }

    internal static string AuthorityUri(string consortium) => $"{Scheme}{consortium}/";

    private static bool TryParse(string uri, [NotNullWhen(true)] out CertificateIdentity? identity)
    {
        identity = null;
        var parts = uri[Scheme.Length..].Split('/');
        if (parts.Length != 3 || !Names.IsValid(parts[0]) || !Names.IsValid(parts[2]))
        {
            return false;
        }

        foreach (var role in Enum.GetValues<CertificateRole>())
        {
            if (RoleName(role) == parts[1])
            {
                identity = new CertificateIdentity(parts[0], role, parts[2]);
                return true;
            }
        }

        return false;
    }

    private static List<string> Uris(X509Certificate2 certificate)
    {
        var found = new List<string>();
        foreach (var extension in certificate.Extensions.Where(e => e.Oid?.Value == AlternativeNames))
        {
            try
            {
                var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                var uniformResource = new Asn1Tag(TagClass.ContextSpecific, 6);
                while (names.HasData)
                {
                    if (!names.PeekTag().HasSameClassAndValue(uniformResource))
                    {
                        names.ReadEncodedValue();
                        continue;
                    }

                    var uri = names.ReadCharacterString(UniversalTagNumber.IA5String, uniformResource);
                    if (uri.StartsWith(Scheme, StringComparison.Ordinal))
                    {
                        found.Add(uri);
                    }
                }
            }
            catch (Exception e) when (e is AsnContentException or CryptographicException)
            {
                return [];
            }
        }

        return found;
    }
}
