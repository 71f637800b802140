using System.Globalization;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Aggregation;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>
/// Makes the model and the templates of a commit from those before it and their changes in fewer bits, where the run
/// broadcasts them. What cannot be made so, or comes out with another hash, is fetched whole afterwards.
/// </summary>
public sealed class BroadcastWork(SiteContext site)
{
    private static readonly ErrorCode[] Unusable =
        [ErrorCatalogue.ArtifactMissing, ErrorCatalogue.ArtifactCollected, ErrorCatalogue.ArtifactCorrupt, ErrorCatalogue.LayoutMismatch, ErrorCatalogue.SafetensorsInvalid];

    /// <returns>A sentence on what was saved; empty when nothing was.</returns>
    public async Task<string> RebuildAsync(RoundCommitDocument commit, CancellationToken cancellation)
    {
        long whole = 0;
        long fetched = 0;
        foreach (var (hash, entry) in (commit.Broadcast ?? new Dictionary<string, BroadcastEntry>()).OrderBy(b => b.Key, StringComparer.Ordinal))
        {
            var before = hash == commit.Model ? commit.ParentModel : Before(commit, hash);
            if (site.Artifacts.Has(hash) || (before is not null && !site.Artifacts.Has(before)))
            {
                continue;
            }

            var context = commit.Context;
            try
            {
                var path = await site.Artifacts.GetAsync(entry.Delta, (done, total) => site.Progress.Set(context.Run, context.Round, "fetch", done, total), cancellation);
                using var delta = new SafetensorsReader(path);
                using var old = before is null ? null : new SafetensorsReader(await site.Artifacts.GetAsync(before, (_, _) => { }, cancellation));
                if (await site.Artifacts.MakeAsync(hash, output => SafetensorsWriter.Write(output, BroadcastDelta.Apply(old, delta)), cancellation) is { } made)
                {
                    (whole, fetched) = (whole + new FileInfo(made).Length, fetched + new FileInfo(path).Length);
                }
            }
            catch (FederationException e) when (Unusable.Contains(e.Code))
            {
                // The change is gone or was made wrong; the whole file has a hash that the commit vouches for.
            }
        }

        return whole == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{fetched} bytes of changes made {whole} bytes of models.");
    }

    /// <summary>The template that one of the commit's templates was made from; null when that was zero.</summary>
    private static string? Before(RoundCommitDocument commit, string hash) =>
        commit.Templates.Where(t => t.Value == hash).Select(t => commit.Context.Templates.GetValueOrDefault(t.Key)).FirstOrDefault();
}
