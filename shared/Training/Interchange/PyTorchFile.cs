using System.IO.Hashing;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Tensors;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>
/// A checkpoint that PyTorch saved (<c>.pt</c>, <c>.pth</c>): a zip archive of stored entries with a pickled
/// description and one entry a storage. The description is read without executing anything; tensors are read from the
/// file when asked for, so memory does not grow with the file.
/// </summary>
public sealed class PyTorchFile : IDisposable
{
    /// <summary>Largest description accepted, in bytes; a published checkpoint's has about 150,000.</summary>
    public const int MaximumDescription = 16 * 1024 * 1024;

    private const int LongestName = 1024;
    private const int Block = 1 << 20;

    // This number, among others, begins every file of the format before the archive.
    private static readonly byte[] LegacyMagic = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

    private readonly BoundedFile _file;
    private readonly ZipDirectory _archive;
    private readonly string _root;
    private readonly HashSet<string> _verified = new(StringComparer.Ordinal);

    /// <exception cref="FederationException">BMF-1411 malformed, BMF-1412 asks for code, BMF-1413 old format, BMF-1414 no state dictionary, BMF-1006 cannot be opened.</exception>
    public PyTorchFile(string path)
    {
        _file = new BoundedFile(path);
        try
        {
            RefuseOtherFormats();
            _archive = new ZipDirectory(_file);
            _root = Root();
            RequireByteOrder();
            var description = Entry("data.pkl", MaximumDescription) ?? throw _file.Malformed("it has no description (data.pkl).");
            (Tensors, Others) = StateDictionary(Unpickler.Read(description, path));
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public string Path => _file.Path;

    /// <summary>The state dictionary in its own order.</summary>
    public IReadOnlyList<PyTorchTensor> Tensors { get; }

    /// <summary>What the file holds beside the state dictionary, for example <c>optimizer</c>; it is not read.</summary>
    public IReadOnlyList<string> Others { get; }

    /// <summary>Writes elements of a tensor in row-major order, little-endian.</summary>
    /// <param name="tensor">One of <see cref="Tensors"/>.</param>
    /// <param name="first">First element.</param>
    /// <param name="count">Elements.</param>
    /// <param name="destination">Receives count times the element size bytes.</param>
    /// <param name="cancellation">Ends the copying.</param>
    /// <exception cref="FederationException">BMF-1411 when the bytes are missing or do not have their checksum.</exception>
    public void CopyTo(PyTorchTensor tensor, long first, long count, Stream destination, CancellationToken cancellation = default)
    {
        if (first < 0 || count < 0 || first > tensor.Count - count)
        {
            throw new ArgumentOutOfRangeException(nameof(first));
        }

        if (count == 0)
        {
            return;
        }

        var entry = StorageEntry(tensor.View.Storage);
        Verify(entry, cancellation);
        var size = TensorInfo.SizeOf(tensor.DataType);
        if (tensor.IsContiguous)
        {
            Copy(entry.Offset + ((tensor.View.Offset + first) * size), count * size, block => destination.Write(block), cancellation);
        }
        else
        {
            Gather(tensor, entry, first, count, size, destination);
        }
    }

    public void Dispose() => _file.Dispose();

    private void RefuseOtherFormats()
    {
        var begin = _file.Read(0, (int)Math.Min(_file.Length, 512)).AsSpan();
        if (begin.StartsWith("PK"u8))
        {
            return;
        }

        if (begin.Length > 14 && begin[0] == 0x80 && begin[2..].StartsWith(LegacyMagic))
        {
            throw ErrorCatalogue.CheckpointLegacy.With($"{Path} was written by PyTorch before 1.6 or with _use_new_zipfile_serialization=False.");
        }

        throw begin.Length > 262 && begin[257..].StartsWith("ustar"u8)
            ? ErrorCatalogue.CheckpointLegacy.With($"{Path} is a tar archive of a very old PyTorch.")
            : _file.Malformed("it is no zip archive, which PyTorch checkpoints are.");
    }

    private string Root()
    {
        var descriptions = _archive.Entries.Keys.Where(n => n.EndsWith("/data.pkl", StringComparison.Ordinal) && n.Count(c => c == '/') == 1).Take(2).ToArray();
        if (descriptions.Length != 1)
        {
            throw _file.Malformed($"it has {(descriptions.Length == 0 ? "no" : "more than one")} description (data.pkl).");
        }

        var root = descriptions[0][..^"data.pkl".Length];
        return _archive.Entries.ContainsKey(root + "constants.pkl")
            ? throw ErrorCatalogue.CheckpointLegacy.With($"{Path} is a TorchScript program, not a checkpoint.")
            : root;
    }

    private void RequireByteOrder()
    {
        // Files before PyTorch 2.1 do not say it; they are of the machine that wrote them, which was practically never big-endian.
        var order = Entry("byteorder", 64) is { } bytes ? Encoding.ASCII.GetString(bytes).Trim() : "little";
        if (order != "little")
        {
            throw ErrorCatalogue.CheckpointLegacy.With($"{Path} has the byte order \"{Printable.Text(order)}\".");
        }
    }

    private byte[]? Entry(string name, int largest)
    {
        if (!_archive.Entries.TryGetValue(_root + name, out var entry))
        {
            return null;
        }

        var bytes = entry.Length <= largest ? _file.Read(entry.Offset, (int)entry.Length) : throw _file.Malformed($"its {name} has {entry.Length} bytes, more than {largest}.");
        return Crc32.HashToUInt32(bytes) == entry.Crc32 ? bytes : throw Changed(entry);
    }

    private (IReadOnlyList<PyTorchTensor> Tensors, IReadOnlyList<string> Others) StateDictionary(object content)
    {
        var top = content as InertDictionary ?? throw ErrorCatalogue.CheckpointLayout.With($"{Path} holds no dictionary.");
        var state = top.Find("state_dict");
        var dictionary = (state ?? top) as InertDictionary ?? throw ErrorCatalogue.CheckpointLayout.With($"{Path}: its state_dict is no dictionary.");
        var tensors = new List<PyTorchTensor>();
        foreach (var (key, value) in dictionary.Items)
        {
            if (key is not string { Length: > 0 and <= LongestName } name || name.Any(char.IsControl) || value is not TensorView view)
            {
                throw ErrorCatalogue.CheckpointLayout.With($"{Path}: {(key is string text ? Printable.Text(text) : "a key")} of the state dictionary is no tensor{(value is PlainPlaceholder opaque ? $" but {opaque.Name}" : "")}.");
            }

            StorageEntry(view.Storage);
            tensors.Add(new PyTorchTensor(name, view));
        }

        return (tensors, state is null ? [] : [.. top.Items.Select(i => i.Key).OfType<string>().Where(k => k != "state_dict").Select(Printable.Text)]);
    }

    private ZipEntry StorageEntry(StorageReference storage) =>
        _archive.Entries.TryGetValue($"{_root}data/{storage.Key}", out var entry) && entry.Length == storage.Count * TensorInfo.SizeOf(storage.DataType)
            ? entry
            : throw _file.Malformed($"storage {Printable.Text(storage.Key)} of {storage.Count} {storage.DataType} is {(entry is null ? "missing" : $"{entry.Length} bytes long")}.");

    /// <summary>Compares a storage with its checksum, once.</summary>
    private void Verify(ZipEntry entry, CancellationToken cancellation)
    {
        if (_verified.Add(entry.Name))
        {
            var crc = new Crc32();
            Copy(entry.Offset, entry.Length, block => crc.Append(block), cancellation);
            if (crc.GetCurrentHashAsUInt32() != entry.Crc32)
            {
                throw Changed(entry);
            }
        }
    }

    private FederationException Changed(ZipEntry entry) =>
        _file.Malformed($"the bytes of {Printable.Text(entry.Name)} do not have their checksum. If the file was saved with checksums switched off, save it again with them.");

    private void Copy(long position, long length, Action<ReadOnlySpan<byte>> use, CancellationToken cancellation)
    {
        var buffer = new byte[(int)Math.Min(Block, length)];
        while (length > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length));
            _file.Read(position, part);
            use(part);
            position += part.Length;
            length -= part.Length;
        }
    }

    /// <summary>A view whose elements do not lie one after another: its part of the storage is read, then picked from.</summary>
    private void Gather(PyTorchTensor tensor, ZipEntry entry, long first, long count, int size, Stream destination)
    {
        var view = tensor.View;
        var span = tensor.Shape.Zip(view.Strides, (side, stride) => (side - 1) * stride).Sum() + 1;
        if (span * size > Array.MaxLength)
        {
            throw _file.Malformed($"{tensor.Name} is a scattered view of {span} elements, too many to pick from. Save the tensor with .contiguous().");
        }

        var bytes = _file.Read(entry.Offset + (view.Offset * size), (int)(span * size));
        var index = new long[tensor.Shape.Count];
        var rest = first;
        for (var axis = index.Length - 1; axis >= 0; axis--)
        {
            (rest, index[axis]) = Math.DivRem(rest, tensor.Shape[axis]);
        }

        var buffer = new byte[(int)Math.Min(Block / size, count) * size];
        var filled = 0;
        for (var i = 0L; i < count; i++)
        {
            var at = 0L;
            for (var axis = 0; axis < index.Length; axis++)
            {
                at += index[axis] * view.Strides[axis];
            }

            bytes.AsSpan((int)at * size, size).CopyTo(buffer.AsSpan(filled));
            filled += size;
            if (filled == buffer.Length)
            {
                destination.Write(buffer);
                filled = 0;
            }

            for (var axis = index.Length - 1; axis >= 0 && ++index[axis] == tensor.Shape[axis]; axis--)
            {
                index[axis] = 0;
            }
        }

        destination.Write(buffer, 0, filled);
    }
}

/// <summary>One tensor of a state dictionary.</summary>
public sealed class PyTorchTensor
{
    internal PyTorchTensor(string name, TensorView view)
    {
        Name = name;
        View = view;
    }

    public string Name { get; }

    /// <summary>safetensors name of the element type: F32, F16, BF16, F64, I64, I32, I16, I8, U8 or BOOL.</summary>
    public string DataType => View.Storage.DataType;

    /// <summary>Sizes, outermost first; none for a single number.</summary>
    public IReadOnlyList<long> Shape => View.Shape;

    /// <summary>Elements.</summary>
    public long Count => Shape.Aggregate(1L, (a, b) => a * b);

    internal TensorView View { get; }

    /// <summary>The elements lie one after another in row-major order. Strides of sides of one say nothing.</summary>
    internal bool IsContiguous
    {
        get
        {
            var expected = 1L;
            for (var axis = Shape.Count - 1; axis >= 0; axis--)
            {
                if (Shape[axis] != 1 && View.Strides[axis] != expected)
                {
                    return false;
                }

                expected *= Shape[axis];
            }

            return true;
        }
    }
}
