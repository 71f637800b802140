using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>One subject with its series.</summary>
/// <param name="Subject">Name from the folder, the file names or the manifest.</param>
/// <param name="Series">Full path by canonical modality, in canonical order.</param>
public sealed record ScannedCase(string Subject, IReadOnlyDictionary<string, string> Series);

/// <summary>One subject that was left out, and why.</summary>
public sealed record SkippedCase(string Subject, ErrorCode Error, string Detail);

/// <summary>What a data folder or manifest holds, subjects in ordinal order.</summary>
/// <param name="Ignored">Images whose name says no modality that is known; masks and labels are not listed.</param>
public sealed record ScanResult(IReadOnlyList<ScannedCase> Cases, IReadOnlyList<SkippedCase> Skipped, IReadOnlyList<string> Ignored);
