using System.Buffers;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Transport;
using Google.Protobuf;
using Grpc.Core;

namespace BrainMVP.Federated.Trust.Tests.Transport;

public sealed class DataMessagesTests
{
    [Fact]
    public void A_part_of_an_update_is_read_as_it_was_sent()
    {
        for (var n = 0; n < 300; n++)
        {
            var random = new CounterRandom(1, "data-messages", "part", n);
            var part = Part(random);
            var bytes = part.ToByteArray();

            // Fields may come in any order, in pieces of any size.
            var again = n % 2 == 0 ? bytes : [.. new UploadPart { Data = part.Data }.ToByteArray(), .. new UploadPart(part) { Data = ByteString.Empty }.ToByteArray()];
            var read = Read(Pieces(again, 1 + random.NextInt32(4000)));
            Assert.Equal(part, read);
            DataBlock.Return(read.Data.Memory);
        }
    }

    [Fact]
    public void What_the_fast_way_does_not_know_is_read_by_the_library()
    {
        var large = new UploadPart { Chunk = 3, Data = ByteString.CopyFrom(new byte[Protocol.MessageBytes + 1]) };
        Assert.Equal(large, Read(Pieces(large.ToByteArray(), 1000)));
        var twice = new UploadPart { Data = ByteString.CopyFrom(1, 2) }.ToByteArray().Concat(new UploadPart { Data = ByteString.CopyFrom(3) }.ToByteArray()).ToArray();
        Assert.Equal(ByteString.CopyFrom(3), Read(Pieces(twice, 3)).Data);
        Assert.Equal(new UploadPart(), Read(Pieces([], 1)));
        var longName = new UploadPart { Run = new string('r', 4000), Data = ByteString.CopyFrom(1) };
        Assert.Equal(longName, Read(Pieces(longName.ToByteArray(), 7)));
    }

    [Fact]
    public void Damaged_messages_are_read_or_refused_as_the_library_does()
    {
        for (var n = 0; n < 2000; n++)
        {
            var random = new CounterRandom(2, "data-messages", "damage", n);
            var bytes = new UploadPart(Part(random)) { Data = ByteString.CopyFrom(new byte[random.NextInt32(40)]) }.ToByteArray();
            for (var flips = 1 + random.NextInt32(3); flips > 0 && bytes.Length > 0; flips--)
            {
                bytes[random.NextInt32(bytes.Length)] = (byte)random.NextInt32(256);
            }

            bytes = bytes[..random.NextInt32(bytes.Length + 1)];
            Assert.Equal(Outcome(() => UploadPart.Parser.ParseFrom(bytes)), Outcome(() => Read(Pieces(bytes, 5))));
        }

        static UploadPart? Outcome(Func<UploadPart> read)
        {
            try
            {
                return read();
            }
            catch (InvalidProtocolBufferException)
            {
                return null;
            }
        }
    }

    [Fact]
    public void A_block_is_lent_to_one_at_a_time()
    {
        var first = DataBlock.Rent();
        var part = first.Memory[10..20];
        DataBlock.Return(part);
        DataBlock.Return(part);
        DataBlock.Return(new byte[Protocol.MessageBytes]);
        var lent = Enumerable.Range(0, 600).Select(_ => DataBlock.Rent()).ToArray();
        Assert.Equal(lent.Length, lent.Distinct().Count());
        Array.ForEach(lent, b => DataBlock.Return(b.Memory));
    }

    private static UploadPart Part(CounterRandom random) => new()
    {
        Run = random.NextInt32(2) == 0 ? "" : "tumours",
        Round = random.NextInt32(100),
        Attempt = random.NextInt32(3),
        Chunk = random.NextInt32(1000),
        Offset = random.NextInt32(2) * random.NextInt32(1 << 20),
        Data = ByteString.CopyFrom([.. Enumerable.Range(0, random.NextInt32(2) == 0 ? random.NextInt32(9) : 1 + random.NextInt32(Protocol.MessageBytes)).Select(i => (byte)(i * 31))]),
    };

    private static UploadPart Read(ReadOnlySequence<byte> payload) => DataMessages.Uploads.ContextualDeserializer(new Payload(payload));

    /// <summary>As the network brings it: a sequence of pieces.</summary>
    private static ReadOnlySequence<byte> Pieces(byte[] bytes, int size)
    {
        Piece? first = null, last = null;
        foreach (var piece in bytes.Chunk(size))
        {
            last = new Piece(piece, last);
            first ??= last;
        }

        return first is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(byte[] bytes, Piece? before)
        {
            Memory = bytes;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }

    private sealed class Payload(ReadOnlySequence<byte> bytes) : DeserializationContext
    {
        public override int PayloadLength => (int)bytes.Length;

        public override byte[] PayloadAsNewBuffer() => bytes.ToArray();

        public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => bytes;
    }
}
