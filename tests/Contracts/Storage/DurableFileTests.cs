using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Contracts.Tests.Storage;

public sealed class DurableFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Writing_creates_folders_replaces_the_old_content_and_leaves_nothing_else()
    {
        var path = _folder["a/b/file.txt"];
        DurableFile.WriteAllText(path, "first");
        DurableFile.WriteAllText(path, "second");
        Assert.Equal("second", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder["a/b"]));
    }

    [Fact]
    public void A_write_that_fails_half_way_leaves_the_old_content()
    {
        var path = _folder["file.txt"];
        DurableFile.WriteAllText(path, "old");
        Assert.Throws<InvalidDataException>(() => DurableFile.Write(path, stream =>
        {
            stream.Write("new"u8);
            throw new InvalidDataException();
        }));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_full_disk_has_its_number_and_leaves_the_old_content()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "This system has no /dev/full.");
        var path = _folder["file.txt"];
        DurableFile.WriteAllText(path, "old");
        Fails.Saying(ErrorCatalogue.DiskFull, () => DurableFile.Write(path, _ => FillDisk()), path);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Other_file_errors_are_not_called_a_full_disk()
    {
        Directory.CreateDirectory(_folder["full/inside"]);
        var error = Assert.ThrowsAny<IOException>(() => Directory.Delete(_folder["full"]));
        Assert.False(DurableFile.IsDiskFull(error));
        Assert.False(DurableFile.IsDiskFull(Assert.ThrowsAny<IOException>(() => File.OpenRead(_folder["missing"]))));
    }

    private static void FillDisk()
    {
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 1);
        full.Write(new byte[16]);
    }
}
