using System.Buffers;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.V1;
using Google.Protobuf;
using Grpc.Core;

namespace BrainMVP.Federated.Trust.Transport;

/// <summary>
/// The messages that carry models and updates, read so that their bytes lie in a <see cref="DataBlock"/>. On the wire they
/// are what the protocol says. Whoever has used such bytes gives them back; what is not given back is collected.
/// </summary>
public static class DataMessages
{
    private const int LengthDelimited = 2;

    /// <summary>Bytes that are worth a block: many tiny messages must not take more memory than twice their bytes.</summary>
    private const int Fewest = Protocol.MessageBytes / 2;

    /// <summary>Reads and writes the parts of an update.</summary>
    public static Marshaller<UploadPart> Uploads { get; } = Of(UploadPart.Parser, UploadPart.DataFieldNumber, (part, data) => part.Data = data);

    /// <summary>The download of an artifact.</summary>
    public static Method<DownloadRequest, DownloadPart> Download { get; } = new(
        MethodType.ServerStreaming,
        ArtifactService.Descriptor.FullName,
        nameof(ArtifactService.ArtifactServiceBase.Download),
        Marshallers.Create(Write, context => DownloadRequest.Parser.ParseFrom(context.PayloadAsReadOnlySequence())),
        Of(DownloadPart.Parser, DownloadPart.DataFieldNumber, (part, data) => part.Data = data));

    private static Marshaller<T> Of<T>(MessageParser<T> parser, int field, Action<T, ByteString> set)
        where T : IMessage<T> => Marshallers.Create(Write, context => Read(context.PayloadAsReadOnlySequence(), parser, field, set));

    private static void Write<T>(T message, SerializationContext context)
        where T : IMessage<T>
    {
        context.SetPayloadLength(message.CalculateSize());
        message.WriteTo(context.GetBufferWriter());
        context.Complete();
    }

    /// <summary>A message whose bytes field is copied into a block where it is large; everything else is read as always.</summary>
    /// <param name="payload">The message.</param>
    /// <param name="parser">Reads the other fields.</param>
    /// <param name="field">Number of the bytes field.</param>
    /// <param name="set">Puts the bytes into the message.</param>
    /// <exception cref="InvalidProtocolBufferException">The payload is no such message.</exception>
    private static T Read<T>(ReadOnlySequence<byte> payload, MessageParser<T> parser, int field, Action<T, ByteString> set)
        where T : IMessage<T>
    {
        if (!Find(payload, field, out var before, out var data, out var after))
        {
            // Without the field, with little in it, or in a form that only the library knows.
            return parser.ParseFrom(payload);
        }

        Span<byte> rest = stackalloc byte[(int)(before.Length + after.Length)];
        before.CopyTo(rest);
        after.CopyTo(rest[(int)before.Length..]);
        var message = parser.ParseFrom(rest);
        var block = DataBlock.Rent();
        data.CopyTo(block.GetSpan());
        set(message, UnsafeByteOperations.UnsafeWrap(block.Memory[..(int)data.Length]));
        return message;
    }

    /// <summary>Finds the field where it occurs once, fills half a block at least and one at most, and little stands beside it.</summary>
    private static bool Find(ReadOnlySequence<byte> payload, int field, out ReadOnlySequence<byte> before, out ReadOnlySequence<byte> data, out ReadOnlySequence<byte> after)
    {
        const int MostBeside = 512;
        (before, data, after) = (default, default, default);
        var reader = new SequenceReader<byte>(payload);
        var found = false;
        while (!reader.End)
        {
            var start = reader.Position;
            if (!TryReadNumber(ref reader, out var tag))
            {
                return false;
            }

            if (tag != (((ulong)field << 3) | LengthDelimited))
            {
                if (!TrySkip(ref reader, (int)(tag & 7)))
                {
                    return false;
                }

                continue;
            }

            if (found || !TryReadNumber(ref reader, out var length) || length is < Fewest or > Protocol.MessageBytes || (long)length > reader.Remaining)
            {
                return false;
            }

            found = true;
            data = payload.Slice(reader.Position, (long)length);
            reader.Advance((long)length);
            (before, after) = (payload.Slice(0, start), payload.Slice(reader.Position));
        }

        return found && before.Length + after.Length <= MostBeside;
    }

    private static bool TrySkip(ref SequenceReader<byte> reader, int wireType)
    {
        ulong length;
        switch (wireType)
        {
            case 0:
                return TryReadNumber(ref reader, out _);
            case 1:
                length = 8;
                break;
            case LengthDelimited:
                if (!TryReadNumber(ref reader, out length))
                {
                    return false;
                }

                break;
            case 5:
                length = 4;
                break;
            default:
                return false;
        }

        if (length > (ulong)reader.Remaining)
        {
            return false;
        }

        reader.Advance((long)length);
        return true;
    }

    /// <summary>A number of at most ten groups of seven bits.</summary>
    private static bool TryReadNumber(ref SequenceReader<byte> reader, out ulong number)
    {
        number = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (!reader.TryRead(out var part))
            {
                return false;
            }

            number |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return true;
            }
        }

        return false;
    }
}
