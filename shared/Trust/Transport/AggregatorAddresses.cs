using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Trust.Transport;

/// <summary>
/// Where the aggregator answers: one https address, or those of several silos separated by commas. The silos share one
/// server certificate, so all are checked under the first one's name.
/// </summary>
public sealed record AggregatorAddresses
{
    private AggregatorAddresses(IReadOnlyList<Uri> all)
    {
        All = all;
    }

    /// <summary>The addresses in the order in which they are tried.</summary>
    public IReadOnlyList<Uri> All { get; }

    /// <summary>The one whose name the certificate must carry.</summary>
    public Uri First => All[0];

    /// <exception cref="FederationException">BMF-1006 when a part is not an https address.</exception>
    public static AggregatorAddresses Parse(string text)
    {
        var parts = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return parts.Length > 0
            ? new AggregatorAddresses([.. parts.Select(ParseOne)])
            : throw ErrorCatalogue.ArgumentInvalid.With("An address like https://aggregator.example:8443 is missing.");
    }

    public override string ToString() => string.Join(',', All);

    private static Uri ParseOne(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps
            ? url
            : throw ErrorCatalogue.ArgumentInvalid.With($"\"{text}\" is not an address like https://aggregator.example:8443.");
}
