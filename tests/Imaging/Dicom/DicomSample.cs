using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace BrainMVP.Federated.Imaging.Tests.Dicom;

/// <summary>Writes small DICOM files, true or malicious.</summary>
internal sealed class DicomSample
{
    private readonly SortedDictionary<uint, (string Vr, byte[] Value)> _elements = [];

    /// <summary>An MR image of 20 frames with identifiers.</summary>
    public DicomSample(string description = "t1_mprage", string patient = "P1", string study = "1.2.3", string series = "1.2.3.4") =>
        Set(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.4").Set(0x00080060, "CS", "MR").Set(0x0008103E, "LO", description).Set(0x00100010, "PN", "Doe^Jane").Set(0x00100020, "LO", patient)
            .Set(0x0020000D, "UI", study).Set(0x0020000E, "UI", series).Set(0x00280008, "IS", "20").Set(0x7FE00010, "OW", "pixels");

    public string TransferSyntax { get; init; } = "1.2.840.10008.1.2.1";

    public bool Preamble { get; init; } = true;

    /// <summary>Raw bytes put in front of the elements of the data set.</summary>
    public byte[] Before { get; init; } = [];

    public DicomSample Set(uint tag, string vr, string value)
    {
        _elements[tag] = (vr, Encoding.Latin1.GetBytes(value.Length % 2 == 0 ? value : value + (vr == "UI" ? "\0" : " ")));
        return this;
    }

    public DicomSample Timing(double? repetition, double? echo, double? inversion = null, string sequence = "SE")
    {
        foreach (var (tag, value) in new (uint, double?)[] { (0x00180080, repetition), (0x00180081, echo), (0x00180082, inversion) })
        {
            if (value is { } number)
            {
                Set(tag, "DS", number.ToString(CultureInfo.InvariantCulture));
            }
        }

        return Set(0x00180020, "CS", sequence);
    }

    public byte[] ToArray()
    {
        using var stream = new MemoryStream();
        if (Preamble)
        {
            stream.Write(new byte[128]);
            stream.Write("DICM"u8);
            Write(stream, 0x00020010, "UI", Encoding.ASCII.GetBytes(TransferSyntax.Length % 2 == 0 ? TransferSyntax : TransferSyntax + "\0"), isExplicit: true);
        }

        stream.Write(Before);
        foreach (var (tag, (vr, value)) in _elements)
        {
            Write(stream, tag, vr, value, TransferSyntax != "1.2.840.10008.1.2");
        }

        return stream.ToArray();
    }

    private static void Write(MemoryStream stream, uint tag, string vr, byte[] value, bool isExplicit)
    {
        Span<byte> head = stackalloc byte[12];
        BinaryPrimitives.WriteUInt16LittleEndian(head, (ushort)(tag >> 16));
        BinaryPrimitives.WriteUInt16LittleEndian(head[2..], (ushort)tag);
        var size = 8;
        if (!isExplicit)
        {
            BinaryPrimitives.WriteInt32LittleEndian(head[4..], value.Length);
        }
        else
        {
            Encoding.ASCII.GetBytes(vr, head[4..]);
            if (vr is "OW" or "OB" or "SQ" or "UN")
            {
                head[6..8].Clear();
                BinaryPrimitives.WriteInt32LittleEndian(head[8..], value.Length);
                size = 12;
            }
            else
            {
                BinaryPrimitives.WriteUInt16LittleEndian(head[6..], (ushort)value.Length);
            }
        }

        stream.Write(head[..size]);
        stream.Write(value);
    }
}
