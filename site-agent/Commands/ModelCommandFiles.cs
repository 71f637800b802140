using System.Globalization;
using System.Security.Cryptography;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary>What the model commands have in common: targets that are not replaced by accident, progress, checksums.</summary>
internal static class ModelCommandFiles
{
    private const long WorthTelling = 64L << 20;

    /// <summary>The full path of a file to write.</summary>
    /// <exception cref="FederationException">BMF-1006 when it exists and is not to be replaced.</exception>
    public static string Target(string path, bool force) => Path.GetFullPath(path) is var full && File.Exists(full) && !force
        ? throw ErrorCatalogue.ArgumentInvalid.With($"{full} exists; --force replaces it.")
        : full;

    public static void PrintWritten(string path)
    {
        using var written = File.OpenRead(path);
        Console.WriteLine($"Wrote {path}, SHA-256 {Convert.ToHexStringLower(SHA256.HashData(written))}.");
    }

    /// <summary>Tells every tenth of a large file on the error stream, which leaves the output to results.</summary>
    public static Action<long, long> Progress(string what)
    {
        var told = 0L;
        return (done, total) =>
        {
            if (total >= WorthTelling && done * 10 / total > told)
            {
                told = done * 10 / total;
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} {told * 10} % of {total / 1e6:N0} MB"));
            }
        };
    }
}
