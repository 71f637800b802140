using BrainMVP.Federated.SiteAgent.Enrollment;
using BrainMVP.Federated.SiteAgent.Hosting;
using BrainMVP.Federated.SiteAgent.Transport;
using BrainMVP.Federated.Trust.Audit;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>What every piece of work needs.</summary>
public sealed record SiteContext(
    SiteFolder Folder, SiteSettings Settings, SiteIdentity Identity, SiteLink Link, AuditLog Audit, ArtifactCache Artifacts, WorkProgress Progress, TimeProvider Time)
{
    public string Site => Settings.Site;

    /// <summary>What trainers run on.</summary>
    public string Device => Settings.Device;

    public RunFolder Run(string run) => new(Folder.Run(run));
}
