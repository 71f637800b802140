using System.Text;
using BrainMVP.Federated.Contracts.Json;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>Names of folders and files from names of cases, which may hold anything.</summary>
public static class SafeName
{
    private const int Longest = 80;

    /// <summary>
    /// The name itself when it can be a file name everywhere; else its usable characters and a piece of its hash, so that
    /// two cases never share a folder. Never begins with a full stop or a hyphen.
    /// </summary>
    public static string Of(string name)
    {
        var text = new StringBuilder();
        foreach (var c in name)
        {
            text.Append(char.IsLetterOrDigit(c) || c is ' ' or '-' or '_' or '.' or '+' or '=' or '\'' or ',' or '(' or ')' ? c : '_');
        }

        var safe = text.ToString().TrimStart('.', '-', ' ').TrimEnd('.', ' ');
        safe = safe.Length > Longest ? safe[..Longest] : safe;
        return safe == name ? name : $"{(safe.Length == 0 ? "case" : safe)}-{CanonicalJson.Hash(Encoding.UTF8.GetBytes(name))[..8]}";
    }
}
