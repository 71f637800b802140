using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Policy;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>A plan is proposed: shows it to people, checks it against the policy, and passes on what they decided.</summary>
public sealed class ApproveWork(SiteContext site, RunBook runs, DatasetWork dataset)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    public async Task<WorkResult> DoAsync(Assignment assignment, CancellationToken cancellation)
    {
        var policy = PolicyFile.Read(site.Folder.Policy);
        var run = await runs.GetAsync(assignment.Run, cancellation);
        var hash = run.Document.PlanHash;
        var shelf = new PlanShelf(site.Folder);
        shelf.Keep(hash, run.Document.Plan, run.Document.Run);
        if (shelf.Refusal(hash) is { } refusal)
        {
            throw ErrorCatalogue.PlanNotApproved.With($"{refusal.By} refused plan {hash}. {refusal.Reason}".TrimEnd());
        }

        var data = await dataset.PrepareAsync(run, policy, cancellation);
        var cases = data.Cases.Count(c => c.Problem is null && c.Modalities.Any(m => run.Document.Plan.Modalities.Contains(m, StringComparer.Ordinal)));
        if (PolicyCheck.RefusePlan(policy, run.Document.Plan, data.Profile, cases) is { } refused)
        {
            throw refused;
        }

        if (Decide(policy, shelf.Approval(hash), hash, Documents.Now(site.Time)) is not { } decision)
        {
            return WorkResult.Wait(LookAgain);
        }

        await dataset.PublishAsync(run, data, cancellation);
        var isNew = !File.Exists(run.Folder.Approval);
        var approval = Documents.MakeOnce(site, run.Folder.Approval, () => new ApprovalDocument
        {
            Site = site.Site,
            PlanHash = hash,
            ApprovedBy = decision.By,
            ApprovedAt = decision.At,
        });
        if (isNew)
        {
            site.Audit.Append("plan.approved", hash, new Dictionary<string, string> { ["run"] = run.Document.Run, ["by"] = decision.By });
        }

        await site.Link.Calls.CallAsync(site.Link.Control, o => site.Link.Site.ApprovePlanAsync(new ApprovePlanRequest { Run = assignment.Run, Approval = approval }, o), cancellation);
        return WorkResult.Finished;
    }

    /// <summary>The approval to send, or null while nobody has decided.</summary>
    public static PlanDecision? Decide(PolicyDocument policy, PlanDecision? approval, string hash, string now) =>
        approval ?? (policy.RequireApproval ? null : new PlanDecision(hash, "policy (requireApproval: false)", now));
}
