using System.Globalization;
using BrainMVP.Federated.Aggregator.ObjectStorage;
using BrainMVP.Federated.Trust.Audit;

namespace BrainMVP.Federated.Aggregator.Audit;

/// <summary>
/// The audit log in an object store, an object for each record, so that whichever silo writes the next one has all before
/// it. A record is there before it is in the file.
/// </summary>
public sealed class AuditObjects(IObjectStore objects)
{
    private const string Kind = "audit/";

    /// <summary>Records that are fetched at the same time.</summary>
    private const int Together = 16;

    /// <summary>Brings file and store to the same length: what is in the store comes here, what was here before there was a store goes there.</summary>
    public void Meet(AuditLog log, string path)
    {
        var there = objects.List(Kind);
        foreach (var names in there.Skip((int)log.Count).Chunk(Together))
        {
            var lines = names.AsParallel().AsOrdered().WithDegreeOfParallelism(Together).Select(objects.TryGet).ToArray();
            foreach (var line in lines)
            {
                log.Restore(line);
            }
        }

        var number = (long)there.Count;
        foreach (var line in log.Count > number ? AuditLog.Lines(path, number) : [])
        {
            objects.Put(NameOf(number++), line);
        }
    }

    /// <summary>Stores a record unless its number is taken by another.</summary>
    public bool TryPut(long number, ReadOnlyMemory<byte> line)
    {
        if (objects.TryGet(NameOf(number)) is { } taken)
        {
            return line.Span.SequenceEqual(taken);
        }

        objects.Put(NameOf(number), line);
        return true;
    }

    private static string NameOf(long number) => string.Create(CultureInfo.InvariantCulture, $"{Kind}{number:D12}");
}
