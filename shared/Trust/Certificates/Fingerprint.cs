using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace BrainMVP.Federated.Trust.Certificates;

/// <summary>Names certificates by their bytes.</summary>
public static class Fingerprint
{
    /// <summary>SHA-256 of the DER form, 64 lower-case hexadecimal digits.</summary>
    public static string Of(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawDataMemory.Span));
}
