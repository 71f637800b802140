using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.Preparation;

/// <summary>Files that were damaged by chance, and files that were made to do harm.</summary>
public sealed class CaseFileDamageTests : IDisposable
{
    private const int Description = 96;
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;
    private readonly byte[] _good;

    public CaseFileDamageTests()
    {
        // Two of the three chunks along the first axis hold something.
        _path = _folder.File("a.case");
        CaseFileWriter.Write(_path, Cases.Key, Cases.Random(new VolumeShape(11, 6, 5), 3, ["t1", "t2"], emptyFrom: 8), new VolumeShape(4, 4, 4));
        _good = File.ReadAllBytes(_path);
    }

    private int HeaderBytes => BinaryPrimitives.ReadInt32LittleEndian(_good.AsSpan(12));

    private int Index => Description + BinaryPrimitives.ReadInt32LittleEndian(_good.AsSpan(52));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_changed_byte_anywhere_is_found()
    {
        for (var at = 0; at < _good.Length; at++)
        {
            var bytes = (byte[])_good.Clone();
            bytes[at] ^= (byte)(1 << (at % 8));
            Refused(bytes);
        }
    }

    [Fact]
    public void A_file_of_any_other_length_is_found()
    {
        for (var length = 0; length < _good.Length; length++)
        {
            Refused(_good[..length]);
        }

        Refused([.. _good, 0]);
        Refused([.. _good, .. _good]);
    }

    [Fact]
    public void Other_files_are_refused_with_what_to_do()
    {
        Refused("{}"u8.ToArray());
        var message = Refused(Encoding.UTF8.GetBytes(new string('x', 10000)));
        Assert.Contains("not a prepared case", message, StringComparison.Ordinal);
        Assert.Contains("Prepare the data again", message, StringComparison.Ordinal);
        Assert.Contains("format version 2", Refused(Numbers((8, 2))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(12, 0)]
    [InlineData(12, -64)]
    [InlineData(12, int.MaxValue)]
    [InlineData(16, 0)]
    [InlineData(20, 1)]
    [InlineData(24, 0)]
    [InlineData(24, -1)]
    [InlineData(24, 13)]
    [InlineData(24, int.MaxValue)]
    [InlineData(28, 7)]
    [InlineData(28, int.MaxValue)]
    [InlineData(32, 4)]
    [InlineData(32, int.MinValue)]
    [InlineData(36, 0)]
    [InlineData(36, -4)]
    [InlineData(36, 3)]
    [InlineData(40, int.MaxValue)]
    [InlineData(44, 257)]
    [InlineData(48, 0)]
    [InlineData(48, 1)]
    [InlineData(48, 9)]
    [InlineData(48, -1)]
    [InlineData(48, int.MaxValue)]
    [InlineData(52, 0)]
    [InlineData(52, -8)]
    [InlineData(52, 8)]
    [InlineData(52, int.MaxValue)]
    [InlineData(56, 255)]
    [InlineData(60, 1)]
    public void A_number_of_the_header_that_cannot_be_true_is_refused_without_a_large_allocation(int at, int value) => Refused(Numbers((at, value)));

    [Fact]
    public void Sizes_whose_product_overflows_are_refused()
    {
        Refused(Numbers((24, int.MaxValue), (28, int.MaxValue), (32, int.MaxValue)));
        Refused(Numbers((24, 1 << 16), (28, 1 << 16), (32, 1 << 16), (36, 1), (40, 1), (44, 1)));
        Refused(Numbers((24, 1 << 30), (28, 1), (32, 1), (36, 1), (40, 1), (44, 1)));
    }

    [Theory]
    [InlineData(0, long.MaxValue)]
    [InlineData(0, -2)]
    [InlineData(0, 2)]
    [InlineData(0, 0)]
    [InlineData(1, 96)]
    [InlineData(8, 1 << 20)]
    public void A_chunk_that_would_lie_elsewhere_is_refused(int entry, long offset)
    {
        var bytes = (byte[])_good.Clone();
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Index + (16 * entry)), offset);
        Refused(Sealed(bytes));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"Modalities\":null,\"Notes\":[]}")]
    [InlineData("{\"Modalities\":[\"t1\",null],\"Notes\":[]}")]
    [InlineData("{\"Modalities\":[\"t1\",\"t2\"]}")]
    [InlineData("{\"Modalities\":[\"t1\",\"t2\"],\"Notes\":[null]}")]
    [InlineData("{\"Modalities\":[\"t1\"],\"Notes\":[]}")]
    [InlineData("{\"Modalities\":[\"t2\",\"t1\"],\"Notes\":[]}")]
    [InlineData("{\"Modalities\":[\"t1\",\"t1\"],\"Notes\":[]}")]
    [InlineData("{\"Modalities\":[\"t1\",\"x\"],\"Notes\":[]}")]
    public void A_description_that_is_not_ours_is_refused(string json)
    {
        var bytes = (byte[])_good.Clone();
        bytes.AsSpan(Description, Index - Description).Fill((byte)' ');
        Encoding.UTF8.GetBytes(json).CopyTo(bytes.AsSpan(Description));
        Refused(Sealed(bytes));
    }

    [Fact]
    public void A_sealed_copy_without_changes_is_accepted()
    {
        // Otherwise the tests above would pass whatever they changed.
        File.WriteAllBytes(_path, Sealed((byte[])_good.Clone()));
        using var file = CaseFile.Open(_path);
        file.Verify(TestContext.Current.CancellationToken);
    }

    private byte[] Numbers(params (int At, int Value)[] changes)
    {
        var bytes = (byte[])_good.Clone();
        foreach (var (at, value) in changes)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);
        }

        return Sealed(bytes);
    }

    /// <summary>Makes the header's checksum right again.</summary>
    private byte[] Sealed(byte[] bytes)
    {
        XxHash128.Hash(bytes.AsSpan(0, HeaderBytes - 16), bytes.AsSpan(HeaderBytes - 16));
        return bytes;
    }

    private string Refused(byte[] bytes)
    {
        File.WriteAllBytes(_path, bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var e = Make.Throws(ErrorCatalogue.ArtifactCorrupt, () =>
        {
            using var file = CaseFile.Open(_path);
            file.Verify(TestContext.Current.CancellationToken);
        });
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        return e.Message;
    }
}
