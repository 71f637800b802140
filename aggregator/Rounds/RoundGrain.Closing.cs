using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.Runs;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Faults;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>Step 6 of a round and what follows: sums, the next model, the commit.</summary>
public sealed partial class RoundGrain
{
    private async Task Sum(RoundState state)
    {
        if (state.Kept is null && RoundSelection.IsNeeded(Run().Plan.Aggregation))
        {
            _selection ??= workers.TryEnqueue(token => selection.Select(state, Run(), token));
            if (_selection is { IsCompleted: true } selected)
            {
                _selection = null;
                await Save(state with { Kept = await selected });
            }

            return;
        }

        var manifests = state.Arrived.ToDictionary(s => s, s => state.Uploads[s].Manifest, StringComparer.Ordinal);
        var done = 0;
        for (var shard = 0; shard < state.Shards; shard++)
        {
            var order = new ShardOrder(state.Run, state.Round, state.Attempt, shard, state.Shards, Run().LayoutHash, state.Roster, manifests, store.State.Settled!.RunDocument, state.Kept);
            var result = await GrainFactory.GetGrain<IShardGrain>($"{state.Run}/{state.Round}/{state.Attempt}/{shard}").Ensure(order);
            done += result is "" ? 1 : 0;
            if (result is { Length: > 0 } failure)
            {
                if (failure.StartsWith(ErrorCatalogue.StorageUnavailable.Id, StringComparison.Ordinal))
                {
                    // The bucket is away; the shard is asked again at the next turn.
                    return;
                }

                await (failure.StartsWith(ErrorCatalogue.DiskFull.Id, StringComparison.Ordinal) ? AwaitRoom(Needed(state).Bytes, failure) : PauseIfPossible(failure));
                return;
            }

            if (done == 1)
            {
                FaultPoints.Aggregator(state.Round, "sum");
            }
        }

        if (done < state.Shards)
        {
            return;
        }

        _build ??= workers.TryEnqueue(token => builder.Build(state, Run(), token));
        if (_build is { IsCompleted: true } built)
        {
            _build = null;
            await Commit(state, await built);
        }
    }

    private async Task Commit(RoundState state, BuiltRound built)
    {
        var open = documents.Read<RoundOpenDocument>(state.Open);
        var reports = state.Reports.ToDictionary(r => r.Key, r => documents.Read<UpdateReport>(r.Value.Document), StringComparer.Ordinal);
        var now = time.GetUtcNow();
        var contributors = state.Kept?.GetValueOrDefault(TensorGroups.Network) ?? state.Arrived;
        var leftOut = state.Arrived.Except(contributors, StringComparer.Ordinal).ToDictionary(s => s, _ => $"the rule {Run().Plan.Aggregation.Rule} kept other updates", StringComparer.Ordinal);
        var commit = signer.Publish(new RoundCommitDocument
        {
            Context = open.Context,
            RosterHash = state.Roster,
            RoundContext = RoundContexts.Round(RoundContexts.Open(open.Context), state.Roster),
            Model = built.Model,
            ParentModel = open.Context.Model,
            Templates = built.Templates,
            ServerState = built.ServerState,
            Control = built.Control,
            Broadcast = built.Broadcast,
            Groups = built.Groups,
            Contributors = contributors,
            Ages = contributors.Any(c => reports[c].Age > 0) ? contributors.Where(c => reports[c].Age > 0).ToDictionary(c => c, c => reports[c].Age, StringComparer.Ordinal) : null,
            Dropouts = state.Dropouts.Concat(leftOut).ToDictionary(d => d.Key, d => d.Value, StringComparer.Ordinal),
            Validation = reports.ToDictionary(r => r.Key, r => r.Value.Validation, StringComparer.Ordinal),
            Scores = Run().Plan.IsSupervised() ? reports.Where(r => r.Value.Scores is not null).ToDictionary(r => r.Key, r => r.Value.Scores!, StringComparer.Ordinal) : null,
            Updates = contributors.ToDictionary(s => s, s => state.Uploads[s].Manifest, StringComparer.Ordinal),
            AuditHead = await Audit().Head(),
            SiteAuditHeads = reports.ToDictionary(r => r.Key, r => r.Value.AuditHead, StringComparer.Ordinal),
            CommittedAt = Instants.Text(now),
        });
        FaultPoints.Aggregator(state.Round, "commit", before: true);
        await Save(RoundMachine.Commit(state, commit, built.Model, built.Templates, now, built.Control));
        FaultPoints.Aggregator(state.Round, "commit");
        LogCommitted(logger, state.Round, state.Run, built.Model);
        await Record(Require());
        await GrainFactory.GetGrain<IRunGrain>(state.Run).Look();

        // The rest is for the next turn: the next round need not wait until the updates of this one are deleted.
    }

    /// <summary>The audit log tells of a commit before anything of the next round.</summary>
    private async Task Record(RoundState state) =>
        await Audit().AppendOnce("round.committed", state.Attempt == 1 ? $"{state.Run}/{state.Round}" : $"{state.Run}/{state.Round}/{state.Attempt}", new Dictionary<string, string> { ["commit"] = state.Commit, ["model"] = state.Model });

    /// <summary>What follows a final state; each part may be done again after a crash.</summary>
    private async Task Finish(RoundState state)
    {
        if (state.Phase == RoundPhase.Committed)
        {
            await Record(state);
        }

        // Thousands of files, or objects of a bucket: not on a thread of the grains.
        await Task.Run(() => scratch.Delete(new RoundKey(state.Run, state.Round, state.Attempt)));
        if (await this.GetReminder(Watchdog) is { } reminder)
        {
            await this.UnregisterReminder(reminder);
        }

        _timer?.Dispose();
        _timer = null;
    }
}
