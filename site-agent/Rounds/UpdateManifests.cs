using System.Security.Cryptography;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Federation.Updates;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>Describes an encoded update by the hashes of its chunks.</summary>
public static class UpdateManifests
{
    public static UpdateManifest Describe(IUpdateReader update, string site, string roundContext)
    {
        var chunks = new List<string>();
        var buffer = new byte[Protocol.UpdateChunkBytes];
        for (long start = 0; start < update.Bytes; start += buffer.Length)
        {
            var chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, update.Bytes - start));
            update.Read(start, chunk);
            chunks.Add(Convert.ToHexStringLower(SHA256.HashData(chunk)));
        }

        return new UpdateManifest { Site = site, RoundContext = roundContext, Bytes = update.Bytes, Chunks = chunks };
    }
}
