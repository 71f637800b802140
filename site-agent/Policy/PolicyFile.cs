using System.Globalization;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.SiteAgent.Hosting;

namespace BrainMVP.Federated.SiteAgent.Policy;

/// <summary>The site's policy as people write it: YAML with every field explained.</summary>
public static class PolicyFile
{
    private static readonly string[] Fields = ["minimumCohort", "requireApproval", "minimumContributors", "shareTemplates", "shareOwnModel", "hours", "maximumRoundSeconds", "uploadMegabits", "downloadMegabits"];

    /// <summary>Reads the policy; a missing file means the strict defaults.</summary>
    /// <exception cref="FederationException">BMF-1005 naming field and line.</exception>
    public static PolicyDocument Read(string path) => File.Exists(path)
        ? Convert(YamlFields.Read(path, Fields, ErrorCatalogue.PolicyInvalid))
        : new PolicyDocument();

    /// <exception cref="FederationException">BMF-1005 naming field and line.</exception>
    public static PolicyDocument Parse(string text, string path) => Convert(YamlFields.Parse(text, path, Fields, ErrorCatalogue.PolicyInvalid));

    /// <summary>Writes a policy with an explanation of each field.</summary>
    public static void Write(string path, PolicyDocument policy) => DurableFile.WriteAllText(path, ToText(policy));

    public static string ToText(PolicyDocument policy) => string.Create(CultureInfo.InvariantCulture, $"""
        # What this site allows. These rules beat the consortium: a plan that breaks one is refused before anything leaves.

        # Fewest usable cases before this site takes part, 1 or more.
        minimumCohort: {policy.MinimumCohort}

        # Plans start only after a named person approved their hash (site-agent plans approve HASH --by NAME).
        requireApproval: {(policy.RequireApproval ? "true" : "false")}

        # Fewest sites in the sum of a template before this site sends its part, 1 or more.
        minimumContributors: {policy.MinimumContributors}

        # Modalities whose template change may leave; without the line, all that the site owns.
        {(policy.ShareTemplates is { } shared ? "" : "# ")}shareTemplates: [{string.Join(", ", policy.ShareTemplates ?? Modalities.All)}]

        # The model as this site uses it, with the layers it keeps of its own, may go to the other sites of a run that compares
        # the sites' models (downstream.crossSite); such plans are refused otherwise.
        shareOwnModel: {(policy.ShareOwnModel ? "true" : "false")}

        # Local time windows in which training may run; empty means always. Example: ["19:00-07:00"]
        hours: [{string.Join(", ", policy.Hours.Select(h => $"\"{h}\""))}]

        # Longest training time of one round, seconds, 1 or more.
        maximumRoundSeconds: {policy.MaximumRoundSeconds}

        # Most bandwidth that uploads and downloads take, megabits per second, 1..100000; 0 does not limit. A change counts
        # within seconds, also for transfers under way.
        uploadMegabits: {policy.UploadMegabits}
        downloadMegabits: {policy.DownloadMegabits}

        """);

    private static PolicyDocument Convert(YamlFields fields)
    {
        var defaults = new PolicyDocument();
        var policy = new PolicyDocument
        {
            MinimumCohort = fields.Number("minimumCohort", defaults.MinimumCohort, 1, 100_000_000),
            RequireApproval = fields.Flag("requireApproval", defaults.RequireApproval),
            MinimumContributors = fields.Number("minimumContributors", defaults.MinimumContributors, 1, 10_000),
            ShareTemplates = fields.Words("shareTemplates"),
            ShareOwnModel = fields.Flag("shareOwnModel", defaults.ShareOwnModel),
            Hours = fields.Words("hours") ?? [],
            MaximumRoundSeconds = fields.Number("maximumRoundSeconds", defaults.MaximumRoundSeconds, 1, 31_536_000),
            UploadMegabits = fields.Number("uploadMegabits", defaults.UploadMegabits, 0, 100_000),
            DownloadMegabits = fields.Number("downloadMegabits", defaults.DownloadMegabits, 0, 100_000),
        };
        if (policy.ShareTemplates?.FirstOrDefault(m => Modalities.IndexOf(m) < 0) is { } unknown)
        {
            throw fields.Fault("shareTemplates", $"\"{unknown}\" is not one of {string.Join(", ", Modalities.All)}");
        }

        if (policy.Hours.FirstOrDefault(h => !TrainingHours.TryParse(h, out _)) is { } window)
        {
            throw fields.Fault("hours", $"\"{window}\" is not a window like 19:00-07:00");
        }

        return policy;
    }
}
