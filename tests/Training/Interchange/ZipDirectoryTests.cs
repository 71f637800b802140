using System.Buffers.Binary;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Training.Interchange;

namespace BrainMVP.Federated.Training.Tests.Interchange;

/// <summary>Archives are built by hand around two entries of 4 and 8 bytes.</summary>
public sealed class ZipDirectoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Entries_are_where_the_directory_says()
    {
        var entries = Read(Archive());
        Assert.Equal(["a", "b"], entries.Keys.Order());
        Assert.Equal((4, 8), (entries["a"].Length, entries["b"].Length));
        Assert.All(entries.Values, e => Assert.Equal(0, e.Offset % 64));
    }

    [Fact]
    public void A_comment_and_the_64_bit_end_are_understood()
    {
        byte[] comment = [.. Archive(), 1, 2, 3];
        comment[^5] = 3;
        Assert.Equal(2, Read(comment).Count);

        var plain = Archive();
        var (end, size) = (plain.Length - 22, plain.Length - 22 - DirectoryAt(plain));
        var large = new byte[56];
        BinaryPrimitives.WriteUInt32LittleEndian(large, 0x06064b50);
        BinaryPrimitives.WriteInt64LittleEndian(large.AsSpan(32), 2);
        BinaryPrimitives.WriteInt64LittleEndian(large.AsSpan(40), size);
        BinaryPrimitives.WriteInt64LittleEndian(large.AsSpan(48), DirectoryAt(plain));
        var locator = new byte[20];
        BinaryPrimitives.WriteUInt32LittleEndian(locator, 0x07064b50);
        BinaryPrimitives.WriteInt64LittleEndian(locator.AsSpan(8), end);
        var old = plain[end..];
        old.AsSpan(8, 12).Fill(0xff);
        Assert.Equal(2, Read([.. plain[..end], .. large, .. locator, .. old]).Count);
        Refused([.. plain[..end], .. large, .. old], "cannot be found");
        BinaryPrimitives.WriteInt64LittleEndian(large.AsSpan(32), long.MaxValue);
        Refused([.. plain[..end], .. large, .. locator, .. old], "claims");
    }

    [Theory]
    [InlineData(0, 42, 0, "damaged")]
    [InlineData(1, 8, 1, "encrypted")]
    [InlineData(1, 10, 8, "compressed")]
    [InlineData(1, 20, 9, "stored in 9 bytes")]
    [InlineData(1, 46, (byte)'a', "twice")]
    [InlineData(1, 42, 0, "overlap")]
    [InlineData(1, 42, 1, "not where")]
    [InlineData(1, 43, 255, "missing")]
    public void A_directory_that_cannot_be_true_is_refused(int entry, int field, byte value, string why)
    {
        var bytes = Archive();
        var record = DirectoryAt(bytes) + (entry * 47);
        bytes[entry == 0 ? record : record + field] = value;
        Refused(bytes, why);
    }

    [Fact]
    public void An_entry_that_claims_more_than_the_file_is_refused()
    {
        var bytes = Archive();
        var record = DirectoryAt(bytes) + 47;
        bytes[record + 22] = 255;
        bytes[record + 26] = 255;
        Refused(bytes, "over the end");
    }

    private static byte[] Archive()
    {
        using var stream = new MemoryStream();
        var writer = new ZipWriter(stream);
        writer.Add("a", 4, s => s.Write([1, 2, 3, 4]));
        writer.Add("b", 8, s => s.Write([1, 2, 3, 4, 5, 6, 7, 8]));
        writer.Finish();
        return stream.ToArray();
    }

    private static int DirectoryAt(byte[] archive) => archive.Length - 22 - (2 * 47);

    private IReadOnlyDictionary<string, ZipEntry> Read(byte[] bytes)
    {
        File.WriteAllBytes(_folder["a.zip"], bytes);
        using var file = new BoundedFile(_folder["a.zip"]);
        return new ZipDirectory(file).Entries;
    }

    private void Refused(byte[] bytes, string why) =>
        Assert.Contains(why, Fails.With(ErrorCatalogue.CheckpointUnreadable, () => Read(bytes)).Message, StringComparison.Ordinal);
}
