using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Federation.FixedPoint;

namespace BrainMVP.Federated.Federation.Updates;

/// <summary>
/// Step 5 at the site: the change between two models as the payload that the roster asks for. The payload is a function of
/// files that stay, so it needs no file of its own: any stretch of it is encoded when it is hashed or sent, with the same
/// bytes each time. Memory is a few blocks, whatever the model's size.
/// </summary>
public sealed class UpdateEncoder : IUpdateReader
{
    private readonly TensorPair _pair;
    private readonly PayloadMap _map;
    private readonly int _bits;
    private readonly int _unitValues;
    private readonly int _unitBytes;
    private readonly int[] _values;
    private readonly byte[] _unit;
    private int _tensor;

    /// <param name="layout">The run's layout.</param>
    /// <param name="roster">What is asked for.</param>
    /// <param name="site">This site.</param>
    /// <param name="files">Before and after training.</param>
    /// <param name="bits">Bits of the ring: 2..32.</param>
    public UpdateEncoder(LayoutDocument layout, RosterDocument roster, string site, UpdateFiles files, int bits = 32)
    {
        _map = PayloadMap.For(layout, roster, site);
        _bits = bits;

        // What can be encoded by itself: a value, or a group of values that fills whole words.
        (_unitValues, _unitBytes) = bits == 32 ? (1, sizeof(int)) : (RingPacking.GroupValues, RingPacking.GroupBytes(bits));
        _values = new int[bits == 32 ? 0 : TensorPair.BlockElements];
        _unit = new byte[_unitBytes];
        Bytes = _map.WireBytes(bits);
        _pair = new TensorPair(files);
    }

    public long Bytes { get; }

    /// <exception cref="FederationException">BMF-1304 when the roster's scales do not fit what was reported.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + destination.Length, Bytes, nameof(offset));
        while (destination.Length > 0)
        {
            var (unit, skipped) = Math.DivRem(offset, _unitBytes);
            int bytes;
            if (skipped == 0 && destination.Length >= _unitBytes)
            {
                var units = Math.Min(destination.Length / _unitBytes, TensorPair.BlockElements / _unitValues);
                bytes = units * _unitBytes;
                EncodeUnits(unit, units, destination[..bytes]);
            }
            else
            {
                // The stretch begins or ends inside a unit.
                EncodeUnits(unit, 1, _unit);
                bytes = (int)Math.Min(_unitBytes - skipped, destination.Length);
                _unit.AsSpan((int)skipped, bytes).CopyTo(destination);
            }

            destination = destination[bytes..];
            offset += bytes;
        }
    }

    public void Dispose() => _pair.Dispose();

    private void EncodeUnits(long first, int count, Span<byte> encoded)
    {
        if (_bits == 32)
        {
            Encode(first, MemoryMarshal.Cast<byte, int>(encoded));
            return;
        }

        var values = _values.AsSpan(0, count * _unitValues);
        Encode(first * _unitValues, values);
        try
        {
            RingPacking.Pack(values, encoded, _bits);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw ErrorCatalogue.ContextMismatch.With($"The roster's scales do not fit what this site reported: {e.Message}", e);
        }
    }

    /// <summary>Encodes values from one on; behind the last come zeros, which fill up its group.</summary>
    private void Encode(long first, Span<int> values)
    {
        while (values.Length > 0)
        {
            if (Find(first) is not { } tensor)
            {
                values.Clear();
                return;
            }

            var start = first - (tensor.Offset / sizeof(int));
            var n = (int)Math.Min(Math.Min(values.Length, TensorPair.BlockElements), tensor.Count - start);
            var block = _pair.Read(tensor.Tensor, start, n);
            try
            {
                new Quantiser(tensor.Weight, tensor.TotalWeight, tensor.Scale).Encode(block.Local, block.Global, values[..n]);
            }
            catch (OverflowException e)
            {
                throw ErrorCatalogue.ContextMismatch.With($"The roster's scale of {tensor.Tensor.Name} does not fit what this site reported: {e.Message}", e);
            }

            values = values[n..];
            first += n;
        }
    }

    /// <summary>The tensor that holds a value; reading goes forward mostly, so the search begins where the last one ended.</summary>
    private PayloadTensor? Find(long value)
    {
        var tensors = _map.Tensors;
        if (_tensor == tensors.Count || tensors[_tensor].Offset > value * sizeof(int))
        {
            _tensor = 0;
        }

        while (_tensor < tensors.Count && tensors[_tensor].Offset + (tensors[_tensor].Count * sizeof(int)) <= value * sizeof(int))
        {
            _tensor++;
        }

        return _tensor < tensors.Count ? tensors[_tensor] : null;
    }
}
