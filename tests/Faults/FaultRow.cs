namespace BrainMVP.Federated.Faults;

/// <summary>One line of the matrix: what is disturbed in one simulation.</summary>
/// <param name="Name">What the table shows.</param>
/// <param name="Orders">Faults for the simulation's <c>--fault</c>.</param>
public sealed record FaultRow(string Name, params string[] Orders)
{
    /// <summary>Further arguments of the simulation.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Sites of the run; the undisturbed run has two.</summary>
    public int Sites { get; init; } = 2;

    /// <summary>What is done beside the running simulation, with its output folder; null for nothing.</summary>
    public Func<RunningSimulation, CancellationToken, Task<string>>? Beside { get; init; }

    /// <summary>Where the aggregator's folder lies; empty for the simulation's own.</summary>
    public string AggregatorFolder { get; init; } = "";

    /// <summary>Whether silos share a bucket and no folder.</summary>
    public bool HasBucket { get; init; }

    /// <summary>Done before the simulation starts.</summary>
    public Action Prepare { get; init; } = () => { };

    /// <summary>Done when the row is over.</summary>
    public Action CleanUp { get; init; } = () => { };

    /// <summary>Why it cannot be tried on this machine; null when it can.</summary>
    public Func<string?> Absent { get; init; } = () => null;

    /// <summary>Whether it belongs to the quick subset.</summary>
    public bool IsQuick { get; init; }
}

/// <summary>What became of a row.</summary>
/// <param name="Verdict">passed, FAILED or skipped.</param>
/// <param name="Why">What is wrong, or why it was skipped.</param>
/// <param name="Answered">Longest time from a restart of the aggregator until it answered, seconds.</param>
/// <param name="FirstSite">Longest time from a restart of the aggregator until a site was served, seconds.</param>
/// <param name="Seconds">Of the simulation.</param>
/// <param name="Note">What the disturbance reported.</param>
public sealed record RowResult(FaultRow Row, string Verdict, string Why, double? Answered, double? FirstSite, double Seconds, string Model, string Note);
