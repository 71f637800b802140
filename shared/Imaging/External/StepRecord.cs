namespace BrainMVP.Federated.Imaging.External;

/// <summary>What is kept of a finished step; written into its folder when everything else is there.</summary>
public sealed record StepRecord
{
    /// <summary>SHA-256 of everything that decides the output: program and version, arguments, input bytes.</summary>
    public required string Key { get; init; }

    /// <summary>SHA-256 of each file that later steps use, by its name in the folder.</summary>
    public required IReadOnlyDictionary<string, string> Outputs { get; init; }

    /// <summary>The command as it ran, for people.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    public required string ProgramVersion { get; init; }

    public required double Seconds { get; init; }

    /// <summary>What the reader of a report should know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Everything that decides a step's output; its canonical JSON is hashed.</summary>
internal sealed record StepIdentity
{
    /// <summary>Changes whenever the program's own part of a step would give other results.</summary>
    public const int CurrentVersion = 1;

    public required int Version { get; init; }

    public required string Kind { get; init; }

    public required string Program { get; init; }

    public required string ProgramVersion { get; init; }

    /// <summary>As written, with placeholders.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    public required string Output { get; init; }

    public required string Gives { get; init; }

    public required bool Refine { get; init; }

    /// <summary>SHA-256 of files and texts of names, by placeholder or argument.</summary>
    public required IReadOnlyDictionary<string, string> Inputs { get; init; }
}

/// <summary>How a step of a case went.</summary>
/// <param name="Name">Step, and the series it ran for where there are several.</param>
/// <param name="Outcome">ran, reused or failed.</param>
public sealed record StepReport(string Name, string Outcome, double Seconds, string Program, string ProgramVersion, string? Error = null);
