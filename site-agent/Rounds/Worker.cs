using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Trainer;
using BrainMVP.Federated.SiteAgent.Transport;
using Grpc.Core;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>Does one assignment.</summary>
public sealed class Worker
{
    private readonly SiteContext _site;
    private readonly ApproveWork _approve;
    private readonly TrainWork _train;
    private readonly UploadWork _upload;
    private readonly CommitWork _commit;
    private readonly EvaluateWork _evaluate;
    private readonly CompareWork _compare;
    private readonly FinishWork _finish;

    public Worker(SiteContext site, ITrainer trainer)
    {
        _site = site;
        var runs = new RunBook(site);
        var dataset = new DatasetWork(site, new TrainerRunner(site, trainer));
        var inputs = new ModelInputs(site);
        _approve = new ApproveWork(site, runs, dataset);
        _train = new TrainWork(site, runs, dataset, inputs);
        _upload = new UploadWork(site, runs, inputs, new ChunkUploader(site.Link, site.Time, TransferLimits.Default));
        _commit = new CommitWork(site, runs, inputs);
        var final = new FinalModel(runs, dataset, inputs);
        _evaluate = new EvaluateWork(site, runs, dataset, final, new OwnModelDelivery(site, TransferLimits.Default));
        _compare = new CompareWork(site, runs, dataset, final);
        _finish = new FinishWork(site);
    }

    public Task<WorkResult> DoAsync(Assignment assignment, CancellationToken cancellation) => assignment.Kind switch
    {
        Assignment.Types.Kind.Approve => _approve.DoAsync(assignment, cancellation),
        Assignment.Types.Kind.Train => _train.DoAsync(assignment, cancellation),
        Assignment.Types.Kind.Upload => _upload.DoAsync(assignment, cancellation),
        Assignment.Types.Kind.Commit => _commit.DoAsync(assignment, cancellation),
        Assignment.Types.Kind.Evaluate => _evaluate.DoAsync(assignment, cancellation),
        Assignment.Types.Kind.Compare => _compare.DoAsync(assignment, cancellation),
        Assignment.Types.Kind.Finished => Task.FromResult(_finish.Do(assignment)),
        _ => throw ErrorCatalogue.ProtocolMismatch.With($"Assignment {assignment.Id} is of a kind that this agent does not know."),
    };

    /// <summary>What an error of an assignment leads to.</summary>
    /// <param name="failures">Failures in a row before this one.</param>
    public static FailureResponse ResponseTo(FederationException error, Assignment assignment, int failures = 0) =>
        FailureResponses.Decide(error.Code, assignment.Kind, error.InnerException is RpcException, failures);

    /// <summary>
    /// What the aggregator is told. The details of data errors name patients' files, and those of the trainer this
    /// machine's folders; they stay here, in the log and in <c>site-agent data</c>.
    /// </summary>
    public static string ReasonToSend(FederationException error)
    {
        var text = error.Code.Number is (>= 1100 and < 1200) or 1403 or (>= 1500 and < 1600) ? $"{error.Code.Title} The site's log has the details." : error.Message;
        return text.Length > 1000 ? text[..1000] : text;
    }

    /// <summary>Whether training goes on although its round closed without it: the plan lets the next round take it.</summary>
    public bool OutlivesItsRound(Assignment assignment)
    {
        var document = _site.Run(assignment.Run).Document;
        return assignment.Kind == Assignment.Types.Kind.Train && File.Exists(document) && Documents.Read<RunDocument>(document).Plan.Quorum.Carries();
    }

    /// <summary>Notes that the work of a round is not to be carried into a later one.</summary>
    public void GiveUp(Assignment assignment)
    {
        if (assignment.Kind is Assignment.Types.Kind.Train or Assignment.Types.Kind.Upload)
        {
            var folder = _site.Run(assignment.Run).Round(assignment.Round, assignment.Attempt);
            DurableFile.WriteAllBytes(folder.GivenUp, CanonicalJson.Serialize(new Dictionary<string, string> { ["at"] = Documents.Now(_site.Time) }));
        }
    }

    /// <summary>Tells the aggregator that this site will not do an assignment, and why.</summary>
    public async Task DeclineAsync(Assignment assignment, FederationException error, CancellationToken cancellation)
    {
        try
        {
            _site.Audit.Append("work.declined", assignment.Id, new Dictionary<string, string> { ["code"] = error.Code.Id, ["reason"] = error.Message });
        }
        catch (Exception e) when (DurableFile.IsDiskFull(e) || e is FederationException { Code.Number: 1403 })
        {
            // A decline sends nothing of the site's; not telling would leave the others waiting for a full disk.
        }

        var reason = ReasonToSend(error);
        var request = new DeclineRequest
        {
            Run = assignment.Run,
            Round = assignment.Kind == Assignment.Types.Kind.Approve ? 0 : assignment.Round,
            Attempt = assignment.Attempt,
            Code = error.Code.Id,
            Reason = reason,
        };
        await _site.Link.Calls.CallAsync(_site.Link.Control, o => _site.Link.Site.DeclineAsync(request, o), cancellation);
    }
}
