using System.Text.RegularExpressions;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Contracts.Identity;

/// <summary>The form that names of consortia, sites, runs and administrators have: they become file and grain names.</summary>
public static partial class Names
{
    [GeneratedRegex(@"^[a-z0-9][a-z0-9-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Allowed();

    public static bool IsValid(string? name) => name is not null && Allowed().IsMatch(name);

    /// <exception cref="FederationException">BMF-1007 when the name is not 1 to 63 of a-z, 0-9, hyphen.</exception>
    public static string Require(string? name, string what) =>
        IsValid(name) ? name! : throw ErrorCatalogue.IdentifierInvalid.With($"{what} \"{name}\".");
}
