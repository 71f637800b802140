using System.Globalization;
using BrainMVP.Federated.Aggregator.ObjectStorage;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Trust.Audit;

namespace BrainMVP.Federated.Aggregator.Audit;

/// <summary>
/// The audit log in an object store, an object for each record, so that whichever silo writes the next one has all before
/// it. A record is there before it is in the file.
/// </summary>
/// <param name="objects">The store; null keeps the log in its file alone.</param>
public sealed class AuditObjects(IObjectStore? objects)
{
    private const string Kind = "audit/";

    /// <summary>Records that are fetched at the same time.</summary>
    private const int Together = 16;

    /// <summary>Brings file and store to the same length: what is in the store comes here, what was here before there was a store goes there.</summary>
    /// <exception cref="FederationException">BMF-1206 when they tell of different histories; neither is changed then.</exception>
    public void Meet(AuditLog log, string path)
    {
        if (objects is null)
        {
            return;
        }

        var there = objects.List(Kind);
        if (Math.Min(there.Count, log.Count) is > 0 and var common
            && !AuditLog.Lines(path, common - 1).First().AsSpan().SequenceEqual(objects.TryGet(NameOf(common - 1))))
        {
            throw ErrorCatalogue.AuditBroken.With($"{path} and the bucket differ at record {common - 1}: one of them is of another time or another aggregator.");
        }

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
        if (objects?.TryGet(NameOf(number)) is { } taken)
        {
            return line.Span.SequenceEqual(taken);
        }

        objects?.Put(NameOf(number), line);
        return true;
    }

    private static string NameOf(long number) => string.Create(CultureInfo.InvariantCulture, $"{Kind}{number:D12}");
}
