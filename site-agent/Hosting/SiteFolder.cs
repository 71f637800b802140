using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.SiteAgent.Hosting;

/// <summary>Where everything of a site lies. Paths only; nothing is read or created here.</summary>
public sealed class SiteFolder(string root)
{
    public string Root { get; } = Path.GetFullPath(root);

    public string Settings => Path.Combine(Root, "site.yaml");

    public string Policy => Path.Combine(Root, "policy.yaml");

    public string Authority => Path.Combine(Root, "trust", "ca.crt");

    /// <summary>Key and certificate in one file, mode 0600.</summary>
    public string Identity => Path.Combine(Root, "trust", "site.pem");

    /// <summary>Secret that subjects' pseudonyms are made with, mode 0600.</summary>
    public string PseudonymKey => Path.Combine(Root, "pseudonym.key");

    public string Audit => Path.Combine(Root, "audit.jsonl");

    public string Lock => Path.Combine(Root, "agent.lock");

    public string Plans => Path.Combine(Root, "plans");

    public string Artifacts => Path.Combine(Root, "artifacts");

    public string Cache => Path.Combine(Root, "cache");

    public string Egress => Path.Combine(Root, "egress");

    public string Runs => Path.Combine(Root, "runs");

    /// <summary>What the daemon does now, for <c>status</c>.</summary>
    public string Activity => Path.Combine(Root, "activity.json");

    public string Run(string run) => Path.Combine(Runs, Names.Require(run, "Run"));

    /// <exception cref="FederationException">BMF-1010 when the site is not enrolled here.</exception>
    public SiteFolder RequireEnrolled() => File.Exists(Settings) && File.Exists(Identity)
        ? this
        : throw ErrorCatalogue.NotInitialised.With($"{Root} does not hold an enrolled site.");
}
