using System.Globalization;

namespace BrainMVP.Federated.Training.Interchange;

// What an un-pickled file consists of. Besides these: bool, long, double, string and byte[]. Nothing here has behaviour.

/// <summary>Python's None.</summary>
internal sealed class InertNone
{
    public static readonly InertNone Value = new();
}

/// <summary>A list or a set.</summary>
internal sealed class InertList
{
    public List<object> Items { get; } = [];
}

/// <summary>A tuple.</summary>
internal sealed class InertTuple(object[] items)
{
    public IReadOnlyList<object> Items { get; } = items;
}

/// <summary>A dictionary in the order in which it was filled.</summary>
/// <param name="isOrdered">It is an OrderedDict, which may carry attributes.</param>
internal sealed class InertDictionary(bool isOrdered)
{
    // Strings only: their hashes are seeded, so a file cannot choose keys that collide.
    private HashSet<string>? _keys;

    public bool IsOrdered { get; } = isOrdered;

    public List<KeyValuePair<object, object>> Items { get; } = [];

    /// <summary>Adds an item; false when its key, a string or a whole number, is there already.</summary>
    public bool TryAdd(object key, object value)
    {
        Items.Add(new KeyValuePair<object, object>(key, value));
        _keys ??= new HashSet<string>(StringComparer.Ordinal);
        return key switch
        {
            string text => _keys.Add(text),
            long number => _keys.Add(string.Create(CultureInfo.InvariantCulture, $"\0{number}")),
            _ => true,
        };
    }

    /// <summary>The value of a string key, or null.</summary>
    public object? Find(string key) => _keys?.Contains(key) == true ? Items.First(i => key.Equals(i.Key)).Value : null;
}

/// <summary>A name on the list of what a checkpoint may refer to.</summary>
/// <param name="Name">Module and name.</param>
/// <param name="Kind">What the reader does with it.</param>
/// <param name="DataType">safetensors name of the element type of a storage.</param>
internal sealed record AllowedGlobal(string Name, GlobalKind Kind, string DataType = "");

/// <summary>A storage: the bytes of one archive entry.</summary>
/// <param name="Key">Name of the entry below <c>data/</c>.</param>
/// <param name="DataType">safetensors name of the element type.</param>
/// <param name="Count">Elements.</param>
internal sealed record StorageReference(string Key, string DataType, long Count);

/// <summary>A tensor: a view of a storage. Offset and strides count elements and stay inside the storage.</summary>
internal sealed record TensorView(StorageReference Storage, long Offset, IReadOnlyList<long> Shape, IReadOnlyList<long> Strides);

/// <summary>A plain value of a well-known type that nothing here needs: kept as its name, never made.</summary>
internal sealed record PlainPlaceholder(string Name);
