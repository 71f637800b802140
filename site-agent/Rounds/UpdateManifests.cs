using System.Security.Cryptography;
using BrainMVP.Federated.Contracts.Documents;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>Describes an encoded update by the hashes of its chunks.</summary>
public static class UpdateManifests
{
    public static UpdateManifest Describe(string path, string site, string roundContext)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        var chunks = new List<string>();
        var buffer = new byte[Protocol.UpdateChunkBytes];
        while (file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) is > 0 and var read)
        {
            chunks.Add(Convert.ToHexStringLower(SHA256.HashData(buffer.AsSpan(0, read))));
        }

        return new UpdateManifest { Site = site, RoundContext = roundContext, Bytes = file.Length, Chunks = chunks };
    }
}
