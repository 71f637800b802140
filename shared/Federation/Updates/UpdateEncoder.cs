using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Federation.FixedPoint;

namespace BrainMVP.Federated.Federation.Updates;

/// <summary>Step 5 at the site: turns the change between two files into the payload that the roster asks for.</summary>
public static class UpdateEncoder
{
    private const int BlockElements = 1 << 15;

    /// <summary>Writes the payload; memory is a few blocks, whatever the model's size.</summary>
    /// <returns>Bytes written, equal to <see cref="PayloadMap.WireBytes"/>.</returns>
    /// <exception cref="FederationException">BMF-1304 when the roster's scales do not fit what was reported.</exception>
    public static long Encode(LayoutDocument layout, RosterDocument roster, string site, string globalModelPath, IReadOnlyDictionary<string, string> globalTemplates, string localModelPath, Stream output, int bits = 32, string? controlPath = null)
    {
        using var pair = new TensorPair(globalModelPath, globalTemplates, localModelPath, controlPath);
        var map = PayloadMap.For(layout, roster, site);
        var local = new float[BlockElements];
        var global = new float[BlockElements];
        var encoded = new int[BlockElements];
        var wire = new Wire(output, bits);
        foreach (var tensor in map.Tensors)
        {
            var quantiser = new Quantiser(tensor.Weight, tensor.TotalWeight, tensor.Scale);
            for (long start = 0; start < tensor.Count; start += BlockElements)
            {
                var n = (int)Math.Min(BlockElements, tensor.Count - start);
                pair.Read(tensor.Tensor, start, local.AsSpan(0, n), global.AsSpan(0, n));
                try
                {
                    quantiser.Encode(local.AsSpan(0, n), global.AsSpan(0, n), encoded.AsSpan(0, n));
                    wire.Write(encoded.AsSpan(0, n));
                }
                catch (Exception e) when (e is OverflowException or ArgumentOutOfRangeException)
                {
                    throw ErrorCatalogue.ContextMismatch.With($"The roster's scale of {tensor.Tensor.Name} does not fit what this site reported: {e.Message}", e);
                }
            }
        }

        wire.Finish();
        return map.WireBytes(bits);
    }

    /// <summary>Packs values on their way to the output where the ring is smaller than 32 bits.</summary>
    private sealed class Wire(Stream output, int bits)
    {
        private readonly int[] _open = new int[RingPacking.GroupValues];
        private readonly byte[] _packed = new byte[BlockElements / RingPacking.GroupValues * RingPacking.GroupBytes(bits)];
        private int _count;

        public void Write(ReadOnlySpan<int> values)
        {
            if (bits == 32)
            {
                output.Write(MemoryMarshal.AsBytes(values));
                return;
            }

            if (_count > 0)
            {
                var part = values[..Math.Min(values.Length, _open.Length - _count)];
                part.CopyTo(_open.AsSpan(_count));
                _count += part.Length;
                values = values[part.Length..];
                if (_count == _open.Length)
                {
                    WriteGroups(_open);
                    _count = 0;
                }
            }

            var whole = values[..(values.Length / _open.Length * _open.Length)];
            WriteGroups(whole);
            var rest = values[whole.Length..];
            if (rest.Length > 0)
            {
                rest.CopyTo(_open);
                _count = rest.Length;
            }
        }

        public void Finish()
        {
            if (_count > 0)
            {
                _open.AsSpan(_count).Clear();
                WriteGroups(_open);
            }
        }

        private void WriteGroups(ReadOnlySpan<int> values)
        {
            var packed = _packed.AsSpan(0, (int)RingPacking.Bytes(values.Length, bits));
            RingPacking.Pack(values, packed, bits);
            output.Write(packed);
        }
    }
}
