using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.V1;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>What to do when an assignment failed.</summary>
public enum FailureResponse
{
    /// <summary>Try again later; nobody needs to know.</summary>
    Retry,

    /// <summary>Tell the aggregator that the site will not do this, and why.</summary>
    Decline,

    /// <summary>The step is over; nothing to do.</summary>
    Drop,
}

/// <summary>Maps errors to responses. Pure.</summary>
public static class FailureResponses
{
    private static readonly ErrorCode[] Overtaken =
    [
        ErrorCatalogue.RoundClosed, ErrorCatalogue.RunNotFound, ErrorCatalogue.RunStateConflict, ErrorCatalogue.DigestConflict, ErrorCatalogue.UpdateRejected,
    ];

    private static readonly ErrorCode[] Refusals =
    [
        ErrorCatalogue.PolicyRefuses, ErrorCatalogue.PlanNotApproved, ErrorCatalogue.NoModality, ErrorCatalogue.NoUsableCase, ErrorCatalogue.NoLabelledCase, ErrorCatalogue.DataFolderMissing,
        ErrorCatalogue.ManifestInvalid, ErrorCatalogue.TrainerCrashed, ErrorCatalogue.TrainingDiverged, ErrorCatalogue.TrainerTimedOut, ErrorCatalogue.TorchUnavailable,
        ErrorCatalogue.DeviceUnavailable, ErrorCatalogue.TrainingOutOfMemory,
        ErrorCatalogue.CheckpointInvalid, ErrorCatalogue.SignatureInvalid, ErrorCatalogue.ContextMismatch, ErrorCatalogue.LayoutMismatch, ErrorCatalogue.DocumentInvalid,
        ErrorCatalogue.ProtocolMismatch, ErrorCatalogue.SafetensorsInvalid, ErrorCatalogue.PlanOutOfRange, ErrorCatalogue.PlanInconsistent,
    ];

    /// <summary>Attempts on a full disk, about half a minute apart in all, before the others need not wait any longer.</summary>
    private const int PatienceWithFullDisk = 4;

    /// <param name="error">What went wrong.</param>
    /// <param name="kind">What was being done.</param>
    /// <param name="fromServer">True when the aggregator answered with it: there is nothing to decline then.</param>
    /// <param name="failures">Failures of the same work in a row before this one.</param>
    public static FailureResponse Decide(ErrorCode error, Assignment.Types.Kind kind, bool fromServer, int failures = 0)
    {
        if (Overtaken.Contains(error) || (fromServer && error == ErrorCatalogue.ContextMismatch))
        {
            return FailureResponse.Drop;
        }

        var full = error == ErrorCatalogue.DiskFull && !fromServer && failures >= PatienceWithFullDisk;
        if (!full && !Refusals.Contains(error))
        {
            return FailureResponse.Retry;
        }

        return kind is Assignment.Types.Kind.Approve or Assignment.Types.Kind.Train or Assignment.Types.Kind.Upload
            ? FailureResponse.Decline
            : FailureResponse.Retry;
    }
}
