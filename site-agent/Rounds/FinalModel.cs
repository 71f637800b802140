using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>What a site needs after the last commit: the final model, verified, and its own data prepared.</summary>
public sealed class FinalModel(RunBook runs, DatasetWork dataset, ModelInputs inputs)
{
    /// <param name="run">The run.</param>
    /// <param name="round">Its last committed round.</param>
    /// <param name="policy">What the preparation may take.</param>
    /// <param name="cancellation">Cuts calls and transfers.</param>
    /// <returns>The last commit, and the files of its model and templates.</returns>
    public async Task<(RoundCommitDocument Commit, ModelFiles Files)> FetchAsync(KnownRun run, int round, PolicyDocument policy, CancellationToken cancellation)
    {
        var (commit, _) = await runs.FollowAsync(run, round, cancellation);
        await dataset.PrepareAsync(run, policy, cancellation);
        var moved = commit!.Groups.Where(g => g.Withheld is null).Select(g => TensorGroups.ModalityOf(g.Group)).OfType<string>().ToArray();
        return (commit, await inputs.FetchAsync(run, round, commit.Model, commit.Templates, moved, cancellation));
    }
}
