namespace BrainMVP.Federated.Contracts.Documents;

/// <summary>The site's own rules. They beat the aggregator: a plan that breaks one is refused before anything leaves.</summary>
public sealed record PolicyDocument
{
    /// <summary>Fewest usable cases before this site takes part, so that no update describes a handful of people.</summary>
    public int MinimumCohort { get; init; } = 20;

    /// <summary>Plans start only after a named person approved their hash.</summary>
    public bool RequireApproval { get; init; } = true;

    /// <summary>Least contributor floor of templates this site accepts in a plan.</summary>
    public int MinimumContributors { get; init; } = 2;

    /// <summary>Modalities whose template change may leave; null means all that the site owns.</summary>
    public IReadOnlyList<string>? ShareTemplates { get; init; }

    /// <summary>
    /// The model as this site uses it, with the layers that it keeps of its own, may go to the other sites of a supervised run
    /// that compares them. Plans that do are refused otherwise.
    /// </summary>
    public bool ShareOwnModel { get; init; }

    /// <summary>Local time windows in which training may run, "HH:mm-HH:mm"; empty means always.</summary>
    public IReadOnlyList<string> Hours { get; init; } = [];

    /// <summary>Longest training time of one round the site allows, seconds.</summary>
    public int MaximumRoundSeconds { get; init; } = 86400;

    /// <summary>Most bandwidth that uploads take, megabits a second; 0 does not limit.</summary>
    public int UploadMegabits { get; init; }

    /// <summary>Most bandwidth that downloads take, megabits a second; 0 does not limit.</summary>
    public int DownloadMegabits { get; init; }
}
