namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>Where the volume of a series lies.</summary>
/// <param name="Path">Full path of a NIfTI file.</param>
/// <param name="Volume">0-based volume of a file that holds several; null when the file must hold exactly one.</param>
public sealed record SeriesFile(string Path, int? Volume = null)
{
    public override string ToString() => Volume is { } n ? FormattableString.Invariant($"{Path}#{n}") : Path;
}
