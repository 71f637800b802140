using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace BrainMVP.Federated.Imaging.Dicom;

internal enum DicomOutcome
{
    NotDicom,

    /// <summary>DICOM in an encoding that is not read here.</summary>
    Refused,

    /// <summary>The bytes end before everything wanted was seen.</summary>
    NeedMore,

    Header,
}

/// <summary>
/// Reads the elements up to group 0028 of a DICOM file from its first bytes, explicit or implicit little endian (PS3.5).
/// The bytes may be hostile: every length is checked before use, nesting is bounded, nothing is allocated by a length
/// that the file states, and there is no exception.
/// </summary>
internal ref struct DicomParser
{
    private const int LastGroup = 0x0028;
    private const int DeepestNesting = 16;
    private const int LongestValue = 1024;
    private const uint Undefined = 0xFFFFFFFF;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly Dictionary<uint, string> _values = [];
    private int _at;
    private bool _explicit;
    private bool _short;

    private DicomParser(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes;
    }

    /// <param name="bytes">The file from its beginning.</param>
    /// <param name="whole">The bytes are all that will ever come.</param>
    public static (DicomOutcome Outcome, DicomHeader? Header) Parse(ReadOnlySpan<byte> bytes, bool whole)
    {
        var hasPreamble = bytes.Length >= 132 && bytes.Slice(128, 4).SequenceEqual("DICM"u8);
        if (!hasPreamble && !LooksBare(bytes))
        {
            return (DicomOutcome.NotDicom, null);
        }

        var parser = new DicomParser(bytes) { _at = hasPreamble ? 132 : 0 };
        var outcome = parser.Run();
        if (outcome == DicomOutcome.NeedMore && !whole)
        {
            return (outcome, null);
        }

        // Without a magic number only a file that names its series is believed to be DICOM.
        var header = parser.Header();
        return outcome == DicomOutcome.Refused ? (outcome, null)
            : header.SeriesUid.Length > 0 ? (DicomOutcome.Header, header)
            : (hasPreamble ? DicomOutcome.Refused : DicomOutcome.NotDicom, null);
    }

    /// <summary>Old files begin at once with group 0008 (or 0002), a small element and a small length.</summary>
    private static bool LooksBare(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 16 && BinaryPrimitives.ReadUInt16LittleEndian(bytes) is 0x0008 or 0x0002 && BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]) <= 0x0018
        && (IsVr(bytes[4], bytes[5]) || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) <= 256);

    private DicomOutcome Run()
    {
        _explicit = _bytes.Length >= _at + 6 && IsVr(_bytes[_at + 4], _bytes[_at + 5]);
        var inMeta = true;
        while (!_short)
        {
            if (_bytes.Length - _at < 8)
            {
                return DicomOutcome.NeedMore;
            }

            var group = Group();
            if (inMeta && group != 0x0002)
            {
                inMeta = false;
                switch (_values.GetValueOrDefault(0x00020010u, ""))
                {
                    case "1.2.840.10008.1.2":
                        _explicit = false;
                        break;
                    case "1.2.840.10008.1.2.1.99" or "1.2.840.10008.1.2.2":
                        return DicomOutcome.Refused;
                    case "":
                        _explicit = IsVr(_bytes[_at + 4], _bytes[_at + 5]);
                        break;
                    default:
                        _explicit = true;
                        break;
                }
            }

            if (group > LastGroup || !Element(keep: true, 0))
            {
                break;
            }
        }

        return _short ? DicomOutcome.NeedMore : DicomOutcome.Header;
    }

    private readonly int Group() => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[_at..]);

    /// <summary>Moves behind one element; false when the bytes make no sense or end.</summary>
    private bool Element(bool keep, int depth)
    {
        if (depth > DeepestNesting || _bytes.Length - _at < 8)
        {
            _short |= depth <= DeepestNesting;
            return false;
        }

        var tag = ((uint)Group() << 16) | BinaryPrimitives.ReadUInt16LittleEndian(_bytes[(_at + 2)..]);
        var (head, length, isSequence) = (8, 0u, false);
        if (_explicit && tag >> 16 != 0xFFFE)
        {
            var (first, second) = (_bytes[_at + 4], _bytes[_at + 5]);
            if (!IsVr(first, second))
            {
                return false;
            }

            if (IsLong(first, second))
            {
                if (_bytes.Length - _at < 12)
                {
                    _short = true;
                    return false;
                }

                (head, length, isSequence) = (12, BinaryPrimitives.ReadUInt32LittleEndian(_bytes[(_at + 8)..]), first == 'S' && second == 'Q');
            }
            else
            {
                length = BinaryPrimitives.ReadUInt16LittleEndian(_bytes[(_at + 6)..]);
            }
        }
        else
        {
            length = BinaryPrimitives.ReadUInt32LittleEndian(_bytes[(_at + 4)..]);
        }

        _at += head;
        if (length == Undefined)
        {
            return Items(depth + 1);
        }

        if (length > (uint)(_bytes.Length - _at))
        {
            _short = true;
            return false;
        }

        if (keep && !isSequence && length <= LongestValue && IsWanted(tag))
        {
            _values.TryAdd(tag, Text(_bytes.Slice(_at, (int)length)));
        }

        _at += (int)length;
        return true;
    }

    /// <summary>Moves behind the items of a sequence of undefined length.</summary>
    private bool Items(int depth)
    {
        while (_bytes.Length - _at >= 8)
        {
            var tag = ((uint)Group() << 16) | BinaryPrimitives.ReadUInt16LittleEndian(_bytes[(_at + 2)..]);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(_bytes[(_at + 4)..]);
            switch (tag)
            {
                case 0xFFFEE0DD or 0xFFFEE00D:
                    _at += 8;
                    return true;
                case 0xFFFEE000 when length == Undefined:
                    _at += 8;
                    if (!Items(depth + 1))
                    {
                        return false;
                    }

                    break;
                default:
                    if (!Element(keep: false, depth))
                    {
                        return false;
                    }

                    break;
            }
        }

        _short = true;
        return false;
    }

    private readonly DicomHeader Header() => new()
    {
        SopClass = Value(0x00080016),
        Modality = Value(0x00080060),
        StudyDate = Value(0x00080020),
        Description = Value(0x0008103E),
        ImageType = List(0x00080008),
        PatientId = Value(0x00100020),
        ContrastAgent = Value(0x00180010),
        BodyPart = Value(0x00180015),
        ScanningSequence = List(0x00180020),
        SequenceVariant = List(0x00180021),
        SequenceName = Value(0x00180024),
        AngioFlag = Value(0x00180025),
        RepetitionTime = Number(0x00180080),
        EchoTime = Number(0x00180081),
        InversionTime = Number(0x00180082) is > 0 and var inversion ? inversion : null,
        Protocol = Value(0x00181030),
        StudyUid = Value(0x0020000D),
        SeriesUid = Value(0x0020000E),
        Frames = Number(0x00280008) is >= 1 and <= 1_000_000 and var frames ? (int)frames : 1,
    };

    private readonly string Value(uint tag) => _values.GetValueOrDefault(tag, "");

    private readonly string[] List(uint tag) => Value(tag).Split('\\', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private readonly double? Number(uint tag) =>
        double.TryParse(Value(tag).Split('\\')[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) && number >= 0 ? number : null;

    private static bool IsWanted(uint tag) => tag is 0x00020010 or 0x00080008 or 0x00080016 or 0x00080020 or 0x00080060 or 0x0008103E or 0x00100020 or 0x00180010 or 0x00180015
        or 0x00180020 or 0x00180021 or 0x00180024 or 0x00180025 or 0x00180080 or 0x00180081 or 0x00180082 or 0x00181030 or 0x0020000D or 0x0020000E or 0x00280008;

    /// <summary>Latin-1 is wrong for some names, but never fails; the words that matter are ASCII.</summary>
    private static string Text(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var c in Encoding.Latin1.GetString(bytes))
        {
            text.Append(char.IsControl(c) ? ' ' : c);
        }

        return text.ToString().Trim();
    }

    private static bool IsVr(byte first, byte second) => first is >= (byte)'A' and <= (byte)'Z' && second is >= (byte)'A' and <= (byte)'Z';

    private static bool IsLong(byte first, byte second) => (first, second) is
        ((byte)'O', _) or ((byte)'S', (byte)'Q') or ((byte)'S', (byte)'V') or ((byte)'U', (byte)'C') or ((byte)'U', (byte)'N') or ((byte)'U', (byte)'R') or ((byte)'U', (byte)'T') or ((byte)'U', (byte)'V');
}
