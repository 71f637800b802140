namespace BrainMVP.Federated.Imaging.External;

/// <summary>Content of prepare.json. Names subjects and therefore stays at the site.</summary>
public sealed record PreparationReport
{
    public required string Pipeline { get; init; }

    public required IReadOnlyList<ProgramReport> Programs { get; init; }

    /// <summary>In ordinal order of names.</summary>
    public required IReadOnlyList<CaseReport> Cases { get; init; }

    /// <summary>Cases that the scan left out.</summary>
    public required IReadOnlyList<LeftOut> LeftOut { get; init; }
}

/// <param name="Version">Digits and dots, or <c>sha256:</c> and a hash.</param>
public sealed record ProgramReport(string Name, string Path, string Version);

/// <summary>A case that the scan left out.</summary>
public sealed record LeftOut(string Subject, string Error, string Reason);

/// <summary>What became of a case.</summary>
public sealed record CaseReport
{
    public required string Subject { get; init; }

    public required string Session { get; init; }

    /// <summary>prepared, reused or excluded.</summary>
    public required string Outcome { get; init; }

    /// <summary>For example BMF-1115; null for a usable case.</summary>
    public string? Error { get; init; }

    public string? Reason { get; init; }

    /// <summary>Of this run; not part of anything that is hashed.</summary>
    public double Seconds { get; init; }

    public IReadOnlyList<StepReport> Steps { get; init; } = [];

    /// <summary>Series that the others were registered to.</summary>
    public string? Reference { get; init; }

    public double? BrainMillilitres { get; init; }

    /// <summary>Dice of the brain with that of the atlas.</summary>
    public double? AtlasOverlap { get; init; }

    public IReadOnlyList<SeriesOverlap> Overlaps { get; init; } = [];

    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Subject and session.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string Name => Session.Length == 0 ? Subject : $"{Subject}_{Session}";
}

/// <summary>What is kept of a finished case.</summary>
internal sealed record CaseRecord
{
    public required string Key { get; init; }

    /// <summary>Names inside the case's folder of volumes, by modality.</summary>
    public required IReadOnlyDictionary<string, string> Files { get; init; }

    /// <summary>SHA-256 of each of them.</summary>
    public required IReadOnlyDictionary<string, string> Hashes { get; init; }

    public required CaseReport Report { get; init; }
}

/// <param name="Case">Name of the case.</param>
/// <param name="Step">What it is doing; null when it has ended.</param>
/// <param name="Done">Cases that have ended.</param>
/// <param name="Outcome">prepared, reused or the number of the error; null before the end.</param>
public sealed record ExternalProgress(string Case, string? Step, int Done, int Total, string? Outcome);
