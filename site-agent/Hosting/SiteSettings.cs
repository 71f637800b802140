using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.SiteAgent.Hosting;

/// <summary>What enrolment and the first start fixed, kept in <c>site.yaml</c>.</summary>
/// <param name="Aggregator">https address.</param>
/// <param name="Consortium">Name of the consortium.</param>
/// <param name="Site">Name of this site.</param>
/// <param name="Data">Folder or CSV manifest with the site's volumes; null until it was given once.</param>
/// <param name="Device">What trainers run on: <c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>cuda:N</c> or <c>all</c>.</param>
public sealed record SiteSettings(string Aggregator, string Consortium, string Site, string? Data, string Device = SiteSettings.AnyDevice)
{
    /// <summary>Every CUDA device there is, else the CPU.</summary>
    public const string AnyDevice = "auto";

    private static readonly string[] Fields = ["aggregator", "consortium", "site", "data", "device"];

    /// <exception cref="FederationException">BMF-1010 when missing, BMF-1005 when malformed.</exception>
    public static SiteSettings Read(SiteFolder folder)
    {
        if (!File.Exists(folder.Settings))
        {
            throw ErrorCatalogue.NotInitialised.With($"{folder.Settings} does not exist.");
        }

        var fields = YamlFields.Read(folder.Settings, Fields, ErrorCatalogue.PolicyInvalid);
        return new SiteSettings(Required(fields, "aggregator", folder), Required(fields, "consortium", folder), Required(fields, "site", folder), fields.Text("data"), fields.Text("device") ?? AnyDevice);
    }

    public void Write(SiteFolder folder)
    {
        var data = Data is null ? "" : $"data: {Quote(Data)}\n";
        DurableFile.WriteAllText(
            folder.Settings,
            $"# Written by site-agent enroll and site-agent run.\naggregator: {Quote(Aggregator)}\nconsortium: {Consortium}\nsite: {Site}\n{data}device: {Quote(Device)}\n");
    }

    private static string Required(YamlFields fields, string name, SiteFolder folder) =>
        fields.Text(name) ?? throw ErrorCatalogue.PolicyInvalid.With($"{folder.Settings}: {name} is missing.");

    private static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
