using System.Globalization;
using System.Text;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Federation.Updates;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>A page for the hospital's people: what left in a round, to whom, and how much of it.</summary>
public sealed class EgressRecord(SiteContext site, KnownRun run, Assignment assignment, UpdateManifest manifest, PayloadMap payload, RosterDocument roster)
{
    public string Path { get; } = System.IO.Path.Combine(
        site.Folder.Egress,
        string.Create(CultureInfo.InvariantCulture, $"{assignment.Run}-round-{assignment.Round}{(assignment.Attempt > 1 ? $"-attempt-{assignment.Attempt}" : "")}.txt"));

    /// <summary>Written before the first byte leaves, and again when the aggregator has confirmed all of it.</summary>
    public void Write(bool delivered)
    {
        if (!delivered && File.Exists(Path))
        {
            return;
        }

        var text = new StringBuilder();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Line($"Site {site.Site} of consortium {site.Settings.Consortium}");
        Line($"Run {assignment.Run}, round {assignment.Round}, attempt {assignment.Attempt}");
        Line($"Plan {run.Document.PlanHash}, approved by {Documents.Read<ApprovalDocument>(run.Folder.Approval).ApprovedBy}");
        Line($"Sent to {site.Settings.Aggregator}");
        Line($"{(delivered ? "Confirmed" : "Begun")} {Documents.Now(site.Time)}");
        Line($"");
        Line($"What leaves: the change of model tensors over the round as {run.Document.Plan.Aggregation.RingBits}-bit integers, {manifest.Bytes} bytes in {manifest.Chunks.Count} chunks.");
        if (run.Document.Plan.IsSupervised())
        {
            Line($"With the report before it: sums of scores of held-out cases, by region or class.");
        }

        Line($"No image, no label, no case, no identifier.");
        Line($"");
        foreach (var group in payload.Tensors.GroupBy(t => t.Tensor.Group, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var entry = roster.Groups.Single(g => g.Group == group.Key);
            Line($"{group.Key}: {group.Count()} tensors, {group.Sum(t => t.Count)} values, summed with {string.Join(", ", entry.Participants.Select(p => p.Site).Where(s => s != site.Site))}");
        }

        foreach (var group in roster.Groups.Where(g => g.Withheld is not null))
        {
            Line($"{group.Group}: nothing ({group.Withheld})");
        }

        Line($"");
        Line($"Round context {manifest.RoundContext}");
        for (var i = 0; i < manifest.Chunks.Count; i++)
        {
            Line($"Chunk {i} SHA-256 {manifest.Chunks[i]}");
        }

        DurableFile.WriteAllText(Path, text.ToString());
    }
}
