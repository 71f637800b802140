using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.Federation.Updates;

/// <summary>One tensor inside a site's encoded update.</summary>
/// <param name="Offset">First byte in the payload.</param>
/// <param name="Count">Elements of 4 bytes.</param>
public sealed record PayloadTensor(LayoutTensor Tensor, long Offset, long Count, long Weight, long TotalWeight, int Scale);

/// <summary>
/// What a roster asks of one site: the tensors of the groups it participates in, in the layout's order, as 32-bit
/// little-endian integers without gaps. Withheld groups and tensors that are zero everywhere are left out.
/// </summary>
public sealed class PayloadMap
{
    private readonly Dictionary<string, PayloadTensor> _byName;

    private PayloadMap(IReadOnlyList<PayloadTensor> tensors, long bytes)
    {
        Tensors = tensors;
        Bytes = bytes;
        _byName = tensors.ToDictionary(t => t.Tensor.Name, StringComparer.Ordinal);
    }

    public IReadOnlyList<PayloadTensor> Tensors { get; }

    /// <summary>Length of the payload as 32-bit integers.</summary>
    public long Bytes { get; }

    /// <summary>Length of the payload on the wire.</summary>
    /// <param name="bits">Bits of the ring.</param>
    public long WireBytes(int bits) => bits == 32 ? Bytes : FixedPoint.RingPacking.Bytes(Bytes / sizeof(int), bits);

    /// <summary>The tensor, or null when this site does not send it.</summary>
    public PayloadTensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The same payload with only the tensors of some groups in sight; offsets stay.</summary>
    public PayloadMap Only(Func<string, bool> isWanted) => new([.. Tensors.Where(t => isWanted(t.Tensor.Group))], Bytes);

    /// <exception cref="FederationException">BMF-1011 when roster and layout do not fit each other.</exception>
    public static PayloadMap For(LayoutDocument layout, RosterDocument roster, string site)
    {
        if (roster.Scales.Count != layout.Tensors.Count)
        {
            throw ErrorCatalogue.DocumentInvalid.With($"The roster has {roster.Scales.Count} scales for {layout.Tensors.Count} tensors.");
        }

        var groups = roster.Groups.ToDictionary(g => g.Group, StringComparer.Ordinal);
        var tensors = new List<PayloadTensor>();
        long offset = 0;
        for (var i = 0; i < layout.Tensors.Count; i++)
        {
            var tensor = layout.Tensors[i];
            var scale = roster.Scales[i];
            if (scale.Name != tensor.Name)
            {
                throw ErrorCatalogue.DocumentInvalid.With($"Scale {i} of the roster is for {scale.Name}, expected {tensor.Name}.");
            }

            if (scale.Scale is not { } k || !groups.TryGetValue(tensor.Group, out var group) || group.Withheld is not null
                || group.Participants.FirstOrDefault(p => p.Site == site) is not { } own)
            {
                continue;
            }

            var count = tensor.CountOf();
            tensors.Add(new PayloadTensor(tensor, offset, count, own.Weight, group.TotalWeight, k));
            offset += count * sizeof(int);
        }

        return new PayloadMap(tensors, offset);
    }
}
