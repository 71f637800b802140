using System.Security.Cryptography;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.SiteAgent.Hosting;

namespace BrainMVP.Federated.SiteAgent.Data;

/// <summary>
/// Names of subjects that say nothing to anybody without the site's key: the first 80 bits of HMAC-SHA256 in 16
/// letters and digits. The same subject has the same pseudonym in every scan of the site.
/// </summary>
internal sealed class Pseudonyms
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int Characters = 16;

    private readonly byte[] _key;
    private readonly Dictionary<string, string> _subjects = new(StringComparer.Ordinal);

    private Pseudonyms(byte[] key)
    {
        _key = key;
    }

    /// <summary>Reads the key in the site's folder; makes it the first time.</summary>
    /// <exception cref="FederationException">BMF-1121, BMF-1403.</exception>
    public static Pseudonyms Open(SiteFolder folder) => new(PseudonymKey.ReadOrCreate(folder.PseudonymKey));

    /// <exception cref="FederationException">BMF-1121 when two subjects get one pseudonym.</exception>
    public string Of(string subject)
    {
        var pseudonym = Make(subject);
        return _subjects.TryAdd(pseudonym, subject) || _subjects[pseudonym] == subject ? pseudonym
            : throw ErrorCatalogue.PseudonymsUnavailable.With($"Two subjects have the pseudonym {pseudonym}; rename one of them.");
    }

    private string Make(string subject)
    {
        var hash = HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes("subject\n" + subject));
        var text = new StringBuilder("p-", Characters + 2);
        for (var n = 0; n < Characters; n++)
        {
            // Five bits a character, most significant first.
            var bit = 5 * n;
            var two = (hash[bit / 8] << 8) | hash[(bit / 8) + 1];
            text.Append(Alphabet[(two >> (11 - (bit % 8))) & 31]);
        }

        return text.ToString();
    }
}
