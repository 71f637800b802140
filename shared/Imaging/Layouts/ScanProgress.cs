namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>How far a scan is.</summary>
/// <param name="What">What is counted, for example "files found".</param>
/// <param name="Done">How many so far.</param>
public readonly record struct ScanProgress(string What, int Done);

/// <summary>How a folder is scanned.</summary>
public sealed record ScanOptions
{
    /// <summary>Full path of a folder to leave out: where the result is written.</summary>
    public string? Except { get; init; }

    /// <summary>Called on the scanning thread.</summary>
    public Action<ScanProgress>? Progress { get; init; }
}
