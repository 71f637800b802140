namespace BrainMVP.Federated.Imaging.Tests.Nifti.Fuzzing;

/// <summary>A mutated image: one or two files in memory, and the volume to ask for.</summary>
/// <param name="Path">What the reader is told.</param>
/// <param name="Files">By name.</param>
/// <param name="Volume">0-based, or null for the only one.</param>
internal sealed record FuzzCase(string Path, IReadOnlyDictionary<string, byte[]> Files, int? Volume)
{
    private const long FixedBytes = 256 * 1024;

    /// <summary>The floats of the largest volume, and the reader's buffers.</summary>
    private const long MostBytes = (1L << 30) + (6L << 20);

    public Stream? Open(string path) => Files.TryGetValue(path, out var bytes) ? new MemoryStream(bytes, writable: false) : null;

    /// <summary>
    /// Bytes of memory that reading may take: a fixed part and five bytes (a float and the byte itself) for each byte
    /// that the files can hold, which is 1032 times their length when packed; at most 1 GiB and 6 MiB.
    /// </summary>
    public long Cap => FixedBytes + Math.Min(MostBytes, 5 * Files.Values.Sum(f => f.Length * (f is [0x1f, 0x8b, ..] ? 1032L : 1)));
}
