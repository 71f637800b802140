using System.Globalization;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.SiteAgent.Hosting;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>What a named person at the site decided about a plan.</summary>
/// <param name="By">Name of the person.</param>
/// <param name="At">UTC, ISO 8601.</param>
/// <param name="Reason">Why, for a refusal.</param>
public sealed record PlanDecision(string PlanHash, string By, string At, string Reason = "");

/// <summary>Plans that were proposed to this site, by hash, with their readable summary and what was decided.</summary>
public sealed class PlanShelf(SiteFolder folder)
{
    /// <summary>Keeps a plan whose hash was checked.</summary>
    public void Keep(string hash, Plan plan, string run)
    {
        if (!File.Exists(PathOf(hash, "json")))
        {
            DurableFile.WriteAllText(PathOf(hash, "txt"), Describe(hash, plan, run));
            DurableFile.WriteAllBytes(PathOf(hash, "json"), CanonicalJson.Serialize(plan));
        }
    }

    /// <summary>All plans: full hashes, ordinal order.</summary>
    public IReadOnlyList<string> List() => !Directory.Exists(folder.Plans)
        ? []
        : [.. Directory.EnumerateFiles(folder.Plans, "*.json").Select(f => Path.GetFileNameWithoutExtension(f)!).Where(n => n.Length == 64).Order(StringComparer.Ordinal)];

    /// <summary>The plan that a hash or its beginning names.</summary>
    /// <exception cref="FederationException">BMF-1301 when none or several fit.</exception>
    public string Find(string prefix)
    {
        var fitting = List().Where(h => h.StartsWith(prefix, StringComparison.Ordinal)).ToArray();
        return fitting.Length == 1 && prefix.Length >= 6
            ? fitting[0]
            : throw ErrorCatalogue.PlanNotApproved.With($"\"{prefix}\" names {fitting.Length} of the plans here; give at least 6 digits of one that `site-agent plans list` shows.");
    }

    public Plan Read(string hash) => CanonicalJson.Read<Plan>(File.ReadAllBytes(PathOf(hash, "json")));

    public string Summary(string hash) => File.ReadAllText(PathOf(hash, "txt"));

    public PlanDecision? Approval(string hash) => Decision(PathOf(hash, "approval.json"));

    public PlanDecision? Refusal(string hash) => Decision(PathOf(hash, "refusal.json"));

    /// <summary>Records an approval; it lifts a refusal.</summary>
    public void Approve(PlanDecision decision)
    {
        DurableFile.WriteAllBytes(PathOf(decision.PlanHash, "approval.json"), CanonicalJson.Serialize(decision));
        File.Delete(PathOf(decision.PlanHash, "refusal.json"));
    }

    /// <summary>Records a refusal; it ends an approval.</summary>
    public void Refuse(PlanDecision decision)
    {
        DurableFile.WriteAllBytes(PathOf(decision.PlanHash, "refusal.json"), CanonicalJson.Serialize(decision));
        File.Delete(PathOf(decision.PlanHash, "approval.json"));
    }

    /// <summary>Every field of a plan with its unit, for the person who decides.</summary>
    public static string Describe(string hash, Plan plan, string run)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Plan {plan.Name} ({plan.Preset}), proposed for run {run}\nHash {hash}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"If approved, this site trains {plan.Rounds.LocalSteps} steps in each of {plan.Rounds.Count} rounds on its own cases and sends\n");
        if (plan.IsSupervised())
        {
            text.Append(CultureInfo.InvariantCulture, $"changes of network weights and the scores of held-out cases. It learns {plan.Downstream.Kind} of\n");
            text.Append(CultureInfo.InvariantCulture, $"{string.Join(", ", plan.ToTask().Outputs())} from this site's labels. No image, no label and no case leaves the site.\n\n");
        }
        else
        {
            text.Append(CultureInfo.InvariantCulture, $"changes of network weights, and of the templates of {string.Join(", ", plan.Modalities)} that it owns,\n");
            text.Append(CultureInfo.InvariantCulture, $"where at least {plan.Privacy.MinimumContributors} sites contribute. No image and no case leaves the site.\n\n");
        }

        foreach (var field in PlanFields.Relevant(plan))
        {
            text.Append(string.Create(CultureInfo.InvariantCulture, $"{field.Path,-36} {Text(field.Default)} {field.Rule.Unit}").TrimEnd());
            text.Append('\n');
        }

        return text.ToString();
    }

    private static string Text(object? value) => value switch
    {
        System.Collections.IEnumerable list and not string => string.Join(", ", list.Cast<object>().Select(Text)),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value?.ToString() ?? "",
    };

    private static PlanDecision? Decision(string path) => File.Exists(path) ? CanonicalJson.Read<PlanDecision>(File.ReadAllBytes(path)) : null;

    private string PathOf(string hash, string extension) => Path.Combine(folder.Plans, $"{hash}.{extension}");
}
