namespace BrainMVP.Federated.Imaging.Dicom;

/// <summary>The files of one series.</summary>
/// <param name="Header">Of its first file.</param>
/// <param name="Files">Full paths, in ordinal order.</param>
/// <param name="EchoTimes">The distinct echo times of its files, milliseconds.</param>
public sealed record DicomSeries(DicomHeader Header, IReadOnlyList<string> Files, IReadOnlyList<double> EchoTimes)
{
    /// <summary>Images of all files.</summary>
    public int Images { get; init; } = Files.Count;
}
