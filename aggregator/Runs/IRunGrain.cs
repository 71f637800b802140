using BrainMVP.Federated.Aggregator.Rounds;

namespace BrainMVP.Federated.Aggregator.Runs;

/// <summary>One execution of one plan. Key: the run's name.</summary>
[Alias("BrainMVP.Federated.IRunGrain")]
public interface IRunGrain : IGrainWithStringKey
{
    /// <summary>Creates the run; creating it again with the same document changes nothing.</summary>
    [Alias("Create")]
    Task Create(string document, bool draft);

    /// <summary>Wakes the run after a start of the aggregator.</summary>
    [Alias("Touch")]
    Task Touch();

    /// <summary>Tells the run that its round was committed: it looks now instead of at its next turn. Nobody waits for it.</summary>
    [Alias("Look"), Orleans.Concurrency.OneWay]
    Task Look();

    [Alias("Get"), Orleans.Concurrency.AlwaysInterleave]
    Task<RunState?> Get();

    /// <summary>What is due for a site, in the order it should be done.</summary>
    [Alias("AssignmentsFor"), Orleans.Concurrency.AlwaysInterleave]
    Task<IReadOnlyList<DueWork>> AssignmentsFor(string site);

    /// <summary>Keeps a verified approval.</summary>
    [Alias("Approve")]
    Task Approve(string site, string document, string by);

    /// <summary>The site's policy or a person refused the plan.</summary>
    [Alias("Refuse")]
    Task Refuse(string site, string reason);

    /// <summary>Keeps a verified evaluation of the final model.</summary>
    [Alias("Evaluated")]
    Task Evaluated(string site, string document, string model);

    /// <summary>Keeps a verified comparison of the sites' models.</summary>
    [Alias("Compared")]
    Task Compared(string site, string document, string model);

    /// <summary>Carries out what an administrator asks for.</summary>
    [Alias("Control")]
    Task Control(RunOrder order);
}

/// <summary>What an administrator can do to a run.</summary>
public enum RunControl
{
    Pause,
    Resume,
    Abort,
    DropSite,
    ReadmitSite,
    ExtendDeadline,
    CloseNow,
    Start,
    RollBack,
}

/// <summary>An administrator's action.</summary>
/// <param name="Site">For dropping and readmitting.</param>
/// <param name="Seconds">For a deadline.</param>
/// <param name="Round">Committed round to go on from, for rolling back; 0 is the beginning.</param>
[GenerateSerializer, Immutable]
public sealed record RunOrder(
    [property: Id(0)] RunControl Control,
    [property: Id(1)] string Site,
    [property: Id(2)] int Seconds,
    [property: Id(3)] int Round,
    [property: Id(4)] string Reason);

/// <summary>Kinds of work, equal to the protocol's.</summary>
public enum DueKind
{
    Approve = 1,
    Train = 2,
    Upload = 3,
    Commit = 4,
    Evaluate = 5,
    Finished = 6,
    Compare = 7,
}

/// <summary>One assignment.</summary>
[GenerateSerializer, Immutable]
public sealed record DueWork(
    [property: Id(0)] DueKind Kind,
    [property: Id(1)] string Id,
    [property: Id(2)] string Run,
    [property: Id(3)] int Round,
    [property: Id(4)] int Attempt);
