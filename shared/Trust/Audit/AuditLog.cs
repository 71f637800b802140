using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Trust.Audit;

/// <summary>
/// Append-only file, one record a line: the SHA-256 of the record, a space, the record as canonical JSON. Each record
/// holds the hash of the one before, so a change anywhere breaks the chain at that record; cutting off the end shows
/// when the head is compared with the one that the other side was given.
/// </summary>
public sealed class AuditLog : IDisposable
{
    /// <summary>Head of an empty log.</summary>
    public static readonly string EmptyHead = new('0', 64);

    /// <summary>Longest line, in bytes.</summary>
    public const int MaximumLine = 1024 * 1024;

    private const byte NewLine = (byte)'\n';

    private readonly Lock _gate = new();
    private readonly FileStream _file;
    private readonly FileStream _lock;
    private readonly TimeProvider _time;
    private string _head;
    private long _count;

    private AuditLog(FileStream file, FileStream writerLock, string head, long count, TimeProvider time)
    {
        _file = file;
        _lock = writerLock;
        _head = head;
        _count = count;
        _time = time;
    }

    /// <summary>SHA-256 of the last record, 64 zeros when there is none.</summary>
    public string Head
    {
        get
        {
            lock (_gate)
            {
                return _head;
            }
        }
    }

    /// <summary>Number of records.</summary>
    public long Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    /// <summary>Opens or creates a log. A last line without its end was never confirmed to anyone and is cut away.</summary>
    /// <exception cref="FederationException">BMF-1206 when the chain is broken, BMF-1009 when another process writes it.</exception>
    public static AuditLog Open(string path, TimeProvider time)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);

        // A file of its own keeps a second writer out and readers in: on Unix only FileShare.None excludes anyone.
        FileStream writerLock;
        try
        {
            writerLock = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (!DurableFile.IsDiskFull(e))
        {
            throw ErrorCatalogue.AlreadyRunning.With($"{path} is in use: {e.Message}", e);
        }

        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
            var end = EndOfLastLine(file);
            if (end < file.Length)
            {
                file.SetLength(end);
                file.Flush(flushToDisk: true);
            }

            file.Position = 0;
            var found = Check(file);
            if (!found.IsWhole)
            {
                throw ErrorCatalogue.AuditBroken.With($"{path}: record {found.FirstBroken}.");
            }

            file.Position = file.Length;
            DurableFile.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
            return new AuditLog(file, writerLock, found.Head, found.Records, time);
        }
        catch
        {
            file?.Dispose();
            writerLock.Dispose();
            throw;
        }
    }

    /// <summary>Adds a record; it is on disk when this returns.</summary>
    /// <returns>The new head.</returns>
    /// <exception cref="FederationException">BMF-1403 when the disk is full; the log is unchanged then.</exception>
    public string Append(string kind, string subject, IReadOnlyDictionary<string, string>? body = null) => TryAppend(kind, subject, body, (_, _) => true)!;

    /// <summary>Adds a record, once someone who keeps the log besides has taken it.</summary>
    /// <param name="kind">Kind of the record.</param>
    /// <param name="subject">What it is about.</param>
    /// <param name="body">Its content.</param>
    /// <param name="publish">Told the record's number and line; false when another record has that number there.</param>
    /// <returns>The new head; null when the number was taken.</returns>
    /// <exception cref="FederationException">BMF-1403 when the disk is full; the log is unchanged then.</exception>
    public string? TryAppend(string kind, string subject, IReadOnlyDictionary<string, string>? body, Func<long, ReadOnlyMemory<byte>, bool> publish)
    {
        lock (_gate)
        {
            var record = CanonicalJson.Serialize(new AuditRecord
            {
                Seq = _count,
                Prev = _head,
                Time = _time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
                Kind = kind,
                Subject = subject,
                Body = body ?? new Dictionary<string, string>(),
            });
            var hash = CanonicalJson.Hash(record.AsSpan());
            byte[] line = [.. Encoding.ASCII.GetBytes(hash), (byte)' ', .. record, NewLine];
            ArgumentOutOfRangeException.ThrowIfGreaterThan(line.Length, MaximumLine, nameof(body));
            if (!publish(_count, line))
            {
                return null;
            }

            Write(line, hash);
            return hash;
        }
    }

    /// <summary>Adds a line that was written elsewhere.</summary>
    /// <param name="line">As <see cref="TryAppend"/> publishes it.</param>
    /// <exception cref="FederationException">BMF-1206 when it does not follow the last record; the log is unchanged then.</exception>
    public void Restore(ReadOnlySpan<byte> line)
    {
        lock (_gate)
        {
            if (line.Length == 0 || line[^1] != NewLine || !IsNext(line[..^1], _head, _count, out var hash))
            {
                throw ErrorCatalogue.AuditBroken.With($"{_file.Name}: the copy of record {_count} does not follow the record before.");
            }

            Write(line, hash);
        }
    }

    /// <summary>The lines of a log from one on, each with its end.</summary>
    public static IEnumerable<byte[]> Lines(string path, long from)
    {
        foreach (var line in File.ReadLines(path, Encoding.UTF8).Skip((int)from))
        {
            yield return [.. Encoding.UTF8.GetBytes(line), NewLine];
        }
    }

    private void Write(ReadOnlySpan<byte> line, string hash)
    {
        var start = _file.Position;
        try
        {
            _file.Write(line);
            _file.Flush(flushToDisk: true);
        }
        catch (IOException e)
        {
            _file.SetLength(start);
            _file.Position = start;
            throw DurableFile.IsDiskFull(e) ? ErrorCatalogue.DiskFull.With($"The audit log cannot grow: {e.Message}", e) : e;
        }

        _count++;
        _head = hash;
    }

    /// <summary>Checks a log from its first record. Needs no lock: may run beside the process that writes it.</summary>
    /// <returns>A torn last line counts as broken; opening the log would cut it away.</returns>
    /// <exception cref="FederationException">BMF-1010 when there is no log.</exception>
    public static AuditVerification Verify(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return Check(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw ErrorCatalogue.NotInitialised.With($"{path} does not exist.", e);
        }
    }

    /// <summary>The records of a log, first one first. Does not check the chain; <see cref="Verify"/> does.</summary>
    public static IEnumerable<AuditRecord> Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            yield return CanonicalJson.Read<AuditRecord>(Encoding.UTF8.GetBytes(line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]));
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _lock.Dispose();
    }

    private static long EndOfLastLine(FileStream file)
    {
        for (var position = file.Length - 1; position >= 0; position--)
        {
            file.Position = position;
            if (file.ReadByte() == NewLine)
            {
                return position + 1;
            }
        }

        return 0;
    }

    private static AuditVerification Check(FileStream file)
    {
        var head = EmptyHead;
        long count = 0;
        using var line = new MemoryStream();
        var buffer = new byte[1 << 16];
        int read;
        while ((read = file.Read(buffer)) > 0)
        {
            var rest = buffer.AsSpan(0, read);
            int end;
            while ((end = rest.IndexOf(NewLine)) >= 0)
            {
                line.Write(rest[..end]);
                rest = rest[(end + 1)..];
                if (!IsNext(line.GetBuffer().AsSpan(0, (int)line.Length), head, count, out var hash))
                {
                    return new AuditVerification(count, head, count);
                }

                head = hash;
                count++;
                line.SetLength(0);
            }

            line.Write(rest);
            if (line.Length > MaximumLine)
            {
                return new AuditVerification(count, head, count);
            }
        }

        return new AuditVerification(count, head, line.Length == 0 ? -1 : count);
    }

    private static bool IsNext(ReadOnlySpan<byte> line, string head, long count, out string hash)
    {
        hash = "";
        if (line.Length < 66 || line[64] != (byte)' ')
        {
            return false;
        }

        var record = line[65..];
        hash = Convert.ToHexStringLower(SHA256.HashData(record));
        if (!Encoding.ASCII.GetBytes(hash).AsSpan().SequenceEqual(line[..64]))
        {
            return false;
        }

        try
        {
            var content = CanonicalJson.Deserialize<AuditRecord>(record);
            return content.Seq == count && content.Prev == head;
        }
        catch (FederationException)
        {
            return false;
        }
    }
}
