using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>
/// Reads the description of a checkpoint's content without executing anything: a stack machine over Python's pickle
/// opcodes of protocols 2 to 5 (Python's <c>pickletools</c> documents them) that builds inert values. Names outside
/// <see cref="AllowedGlobals"/> are refused where they are mentioned, before anything could call them. It does not
/// recurse, and no value is walked to its end, so nesting costs nothing; stack, memo, marks and strings are bounded.
/// </summary>
internal sealed class Unpickler
{
    private const int MostValues = 1 << 20;
    private const int MostMarks = 1000;
    private const int LongestString = 1 << 20;
    private const int LongestNumber = 256;

    private readonly byte[] _bytes;
    private readonly Func<string, FederationException> _malformed;
    private readonly string _path;
    private readonly List<object> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<int, object> _memo = [];
    private int _at;
    private int _containers;

    private Unpickler(byte[] bytes, string path)
    {
        _bytes = bytes;
        _path = path;
        _malformed = why => ErrorCatalogue.CheckpointUnreadable.With($"{path}: {why}");
    }

    /// <summary>The one value that a pickle describes.</summary>
    /// <param name="bytes">Content of <c>data.pkl</c>.</param>
    /// <param name="path">File, for messages.</param>
    /// <exception cref="FederationException">BMF-1411 when malformed; BMF-1412 naming what is not on the list.</exception>
    public static object Read(byte[] bytes, string path) => new Unpickler(bytes, path).Run();

    private object Run()
    {
        byte opcode;
        while ((opcode = Byte()) != (byte)'.')
        {
            Do(opcode);
            if (_stack.Count > MostValues || _marks.Count > MostMarks || _memo.Count > MostValues || _containers > MostValues)
            {
                throw Damaged("is nested or filled beyond every bound");
            }
        }

        return _stack.Count == 1 && _marks.Count == 0 && _at == _bytes.Length ? _stack[0] : throw Damaged("does not end with one value");
    }

    private void Do(byte opcode)
    {
        switch (opcode)
        {
            case 0x80:
                if (Byte() is < 2 or > 5)
                {
                    throw Damaged("has a protocol other than 2 to 5");
                }

                break;
            case 0x95:
                Take(8); // Frames only help readers of streams.
                break;
            case (byte)'(':
                _marks.Add(_stack.Count);
                break;
            case (byte)'0':
                Pop();
                break;
            case (byte)'1':
                PopToMark();
                break;
            case (byte)'N':
                _stack.Add(InertNone.Value);
                break;
            case 0x88 or 0x89:
                _stack.Add(opcode == 0x88);
                break;
            case (byte)'J':
                _stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                break;
            case (byte)'K':
                _stack.Add((long)Byte());
                break;
            case (byte)'M':
                _stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                break;
            case 0x8a:
                PushNumber(Byte());
                break;
            case 0x8b:
                PushNumber(Length(4, LongestNumber));
                break;
            case (byte)'G':
                _stack.Add(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                break;
            case (byte)'X':
                _stack.Add(Text(Length(4, LongestString)));
                break;
            case 0x8c:
                _stack.Add(Text(Byte()));
                break;
            case 0x8d:
                _stack.Add(Text(Length(8, LongestString)));
                break;
            case (byte)'B' or (byte)'T':
                _stack.Add(Take(Length(4, LongestString)).ToArray());
                break;
            case (byte)'C' or (byte)'U':
                _stack.Add(Take(Byte()).ToArray());
                break;
            case 0x8e or 0x96:
                _stack.Add(Take(Length(8, LongestString)).ToArray());
                break;
            case (byte)']' or 0x8f:
                PushContainer(new InertList());
                break;
            case (byte)'}':
                PushContainer(new InertDictionary(isOrdered: false));
                break;
            case (byte)')':
                PushContainer(new InertTuple([]));
                break;
            case 0x85 or 0x86 or 0x87:
                PushContainer(new InertTuple(PopLast(opcode - 0x84)));
                break;
            case (byte)'t' or 0x91:
                PushContainer(new InertTuple(PopToMark()));
                break;
            case (byte)'a':
                var item = Pop();
                Target<InertList>().Items.Add(item);
                break;
            case (byte)'e' or 0x90:
                var items = PopToMark();
                Target<InertList>().Items.AddRange(items);
                break;
            case (byte)'s':
                SetItems(PopLast(2));
                break;
            case (byte)'u':
                SetItems(PopToMark());
                break;
            case (byte)'q':
                _memo[Byte()] = Top();
                break;
            case (byte)'r':
                _memo[Length(4, MostValues)] = Top();
                break;
            case 0x94:
                _memo[_memo.Count] = Top();
                break;
            case (byte)'h':
                PushMemo(Byte());
                break;
            case (byte)'j':
                PushMemo(Length(4, MostValues));
                break;
            case (byte)'c':
                PushGlobal(Line(), Line());
                break;
            case 0x93:
                var names = PopLast(2);
                PushGlobal(names[0] as string ?? "", names[1] as string ?? "");
                break;
            case (byte)'Q':
                _stack.Add(TensorRebuild.Storage(Pop(), _malformed));
                break;
            case (byte)'R':
                Call();
                break;
            case (byte)'b':
                SetAttributes();
                break;
            default:
                throw Other(opcode);
        }
    }

    /// <summary>Opcodes that make objects or that a checkpoint has no use for.</summary>
    private FederationException Other(byte opcode)
    {
        var made = opcode is 0x81 && _stack.Count > 1 ? _stack[^2] : opcode is 0x92 && _stack.Count > 2 ? _stack[^3] : null;
        return opcode switch
        {
            0x81 or 0x92 => Forbidden(made is AllowedGlobal type ? $"an object of {type.Name}" : "an object"),
            (byte)'i' => Forbidden($"an object of {Line()}.{Line()}"),
            (byte)'o' => Forbidden("an object"),
            0x82 or 0x83 or 0x84 => Forbidden("an entry of Python's extension registry"),
            (byte)'P' => Forbidden("an object outside the file"),
            _ => Damaged(string.Create(CultureInfo.InvariantCulture, $"has the opcode {opcode:x2} at byte {_at - 1}, which no checkpoint needs")),
        };
    }

    private void PushGlobal(string module, string name) => _stack.Add(AllowedGlobals.Find(module, name) ?? throw Forbidden($"{module}.{name}"));

    private void Call()
    {
        // What calls make may be held by the stack, the memo or a container: all of it is counted.
        _containers++;
        var call = PopLast(2);
        var arguments = (call[1] as InertTuple)?.Items ?? throw Damaged("calls something without a tuple of arguments");
        switch (call[0])
        {
            case AllowedGlobal { Kind: GlobalKind.OrderedDictionary } when arguments.Count == 0:
                PushContainer(new InertDictionary(isOrdered: true));
                break;
            case AllowedGlobal { Kind: GlobalKind.RebuildTensor }:
                _stack.Add(TensorRebuild.Tensor(arguments, _malformed));
                break;
            case AllowedGlobal { Kind: GlobalKind.RebuildParameter }:
                _stack.Add(TensorRebuild.Parameter(arguments, _malformed));
                break;
            case AllowedGlobal { Kind: GlobalKind.PlainData } type:
                _stack.Add(new PlainPlaceholder(type.Name));
                break;
            case AllowedGlobal type:
                throw Forbidden($"a call of {type.Name}");
            default:
                throw Forbidden("a call of something without a name");
        }
    }

    /// <summary>State dictionaries carry their version numbers as an attribute; numpy types their byte order. Both are left out.</summary>
    private void SetAttributes()
    {
        var state = Pop();
        if (!(Top() is PlainPlaceholder || (Top() is InertDictionary { IsOrdered: true } && state is InertDictionary)))
        {
            throw Damaged("sets attributes of something that has none");
        }
    }

    private void SetItems(object[] items)
    {
        var target = Target<InertDictionary>();
        if (items.Length % 2 != 0)
        {
            throw Damaged("has a key without a value");
        }

        for (var i = 0; i < items.Length; i += 2)
        {
            if (!target.TryAdd(items[i], items[i + 1]))
            {
                throw Damaged($"has the key {Short(items[i])} twice");
            }
        }
    }

    private void PushContainer(object container)
    {
        _containers++;
        _stack.Add(container);
    }

    private void PushNumber(int length)
    {
        var number = new BigInteger(Take(length));
        _stack.Add(number >= long.MinValue && number <= long.MaxValue ? (long)number : new PlainPlaceholder("int"));
    }

    private void PushMemo(int index) => _stack.Add(_memo.TryGetValue(index, out var value) ? value : throw Damaged("refers to a value that was not kept"));

    private T Target<T>()
        where T : class => Top() as T ?? throw Damaged("fills something that is not a container");

    private object Top() => _stack.Count > Floor ? _stack[^1] : throw Damaged("takes a value that is not there");

    private object Pop()
    {
        var value = Top();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object[] PopLast(int count) => _stack.Count - count >= Floor ? Cut(_stack.Count - count) : throw Damaged("takes values that are not there");

    private object[] PopToMark()
    {
        var mark = _marks.Count > 0 ? _marks[^1] : throw Damaged("takes a mark that is not there");
        _marks.RemoveAt(_marks.Count - 1);
        return Cut(mark);
    }

    private object[] Cut(int from)
    {
        var values = _stack[from..].ToArray();
        _stack.RemoveRange(from, values.Length);
        return values;
    }

    /// <summary>Values below the last mark cannot be taken before the mark is.</summary>
    private int Floor => _marks.Count > 0 ? _marks[^1] : 0;

    private byte Byte() => Take(1)[0];

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _bytes.Length - _at)
        {
            throw Damaged("ends too early");
        }

        _at += length;
        return _bytes.AsSpan(_at - length, length);
    }

    private int Length(int size, int most)
    {
        var bytes = Take(size);
        var length = size == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return length <= (ulong)most ? (int)length : throw Damaged($"claims a length of {length}");
    }

    private string Text(int length) => Encoding.UTF8.GetString(Take(length));

    private string Line()
    {
        var length = _bytes.AsSpan(_at).IndexOf((byte)'\n');
        var line = Text(length is >= 0 and <= LongestNumber ? length : throw Damaged("has a name without an end"));
        _at++;
        return line;
    }

    private FederationException Damaged(string what) => _malformed($"its description (data.pkl) {what}.");

    private FederationException Forbidden(string what) => ErrorCatalogue.CheckpointForbidden.With($"{_path} asks for {Printable.Text(what)}{Place()}.");

    /// <summary>The keys under which the machine is at work, as far as the stack tells.</summary>
    private string Place()
    {
        var keys = _marks
            .Where(mark => mark > 0 && _stack[mark - 1] is InertDictionary && mark < _stack.Count)
            .Select(mark => _stack[mark..Math.Min(_stack.Count, _marks.Where(m => m > mark).DefaultIfEmpty(_stack.Count).Min())])
            .Select(items => items.Count == 0 ? null : items[(items.Count - 1) / 2 * 2])
            .Where(key => key is string or long)
            .Select(key => Short(key!));
        return string.Join('.', keys) is { Length: > 0 } place ? " at " + place : "";
    }

    private static string Short(object key) => Printable.Text(string.Create(CultureInfo.InvariantCulture, $"{key}"));
}
