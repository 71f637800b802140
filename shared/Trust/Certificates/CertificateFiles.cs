using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Trust.Certificates;

/// <summary>Certificates and keys on disk: PEM, keys readable by their owner only.</summary>
public static class CertificateFiles
{
    /// <summary>Creates a P-256 key.</summary>
    public static ECDsa CreateKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>A PKCS#10 request, DER, for a key. The authority decides the identity; the subject is a hint for people.</summary>
    public static byte[] CreateRequest(ECDsa key, string name) =>
        new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSigningRequest();

    /// <summary>Writes a PKCS#8 PEM key durably; it never exists with wider rights than 0600.</summary>
    public static void SaveKey(string path, ECDsa key) => SaveSecret(path, key.ExportPkcs8PrivateKeyPem() + "\n");

    /// <summary>
    /// Writes key and certificate into one PEM file, mode 0600, so that a renewal replaces both at one instant.
    /// <see cref="LoadWithKey"/> reads it when given the path twice.
    /// </summary>
    public static void SaveIdentity(string path, X509Certificate2 certificate, ECDsa key) =>
        SaveSecret(path, $"{key.ExportPkcs8PrivateKeyPem()}\n{certificate.ExportCertificatePem()}\n");

    private static void SaveSecret(string path, string pem)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(temporary, options))
        {
            stream.Write(Encoding.ASCII.GetBytes(pem));
            stream.Flush(flushToDisk: true);
        }

        DurableFile.Publish(temporary, path);
    }

    /// <summary>Writes a PEM certificate durably.</summary>
    public static void SaveCertificate(string path, X509Certificate2 certificate) =>
        DurableFile.WriteAllText(path, certificate.ExportCertificatePem() + "\n");

    /// <exception cref="FederationException">BMF-1010 when missing, BMF-1202 when it is not a certificate.</exception>
    public static X509Certificate2 LoadCertificate(string path)
    {
        try
        {
            return X509Certificate2.CreateFromPem(File.ReadAllText(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw ErrorCatalogue.NotInitialised.With($"{path} does not exist.", e);
        }
        catch (CryptographicException e)
        {
            throw ErrorCatalogue.CertificateRefused.With($"{path} is not a PEM certificate: {e.Message}", e);
        }
    }

    /// <summary>Loads a certificate with its key, usable for TLS and for signing.</summary>
    /// <exception cref="FederationException">BMF-1010 when a file is missing, BMF-1202 when the two do not belong together.</exception>
    public static X509Certificate2 LoadWithKey(string certificatePath, string keyPath)
    {
        using var certificate = LoadCertificate(certificatePath);
        try
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(File.ReadAllText(keyPath));
            return Join(certificate, key);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw ErrorCatalogue.NotInitialised.With($"{keyPath} does not exist.", e);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw ErrorCatalogue.CertificateRefused.With($"{certificatePath} and {keyPath} do not belong together: {e.Message}", e);
        }
    }

    /// <summary>Puts a certificate and its key together. TLS stacks want the key imported with the certificate, hence PKCS#12.</summary>
    public static X509Certificate2 Join(X509Certificate2 certificate, ECDsa key)
    {
        using var joined = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(joined.Export(X509ContentType.Pkcs12), password: null);
    }
}
