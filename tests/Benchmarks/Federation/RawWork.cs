using System.Security.Cryptography;

namespace BrainMVP.Federated.Benchmarks.Federation;

/// <summary>The parts of a transfer that nobody can leave out, each by itself.</summary>
internal static class RawWork
{
    private const int BufferBytes = 1 << 20;

    /// <summary>SHA-256 of a file on one thread.</summary>
    public static void Hash(string path)
    {
        using var file = File.OpenHandle(path);
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        long done = 0;
        while (RandomAccess.Read(file, buffer, done) is > 0 and var read)
        {
            sha.AppendData(buffer, 0, read);
            done += read;
        }

        sha.GetHashAndReset();
    }

    /// <summary>Writes as many bytes as a file has to another one, durably.</summary>
    public static void WriteDurably(string like, string path)
    {
        using (var from = File.OpenHandle(like))
        using (var to = File.OpenHandle(path, FileMode.Create, FileAccess.Write))
        {
            var buffer = new byte[BufferBytes];
            long done = 0;
            while (RandomAccess.Read(from, buffer, done) is > 0 and var read)
            {
                RandomAccess.Write(to, buffer.AsSpan(0, read), done);
                done += read;
            }

            RandomAccess.FlushToDisk(to);
        }

        File.Delete(path);
    }
}
