using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Interchange;
using CsCheck;

namespace BrainMVP.Federated.Training.Tests.Interchange;

/// <summary>Damaged files end with a numbered error or are read; they never hang, crash or take memory.</summary>
public sealed class FuzzTests : IDisposable
{
    private static readonly HashSet<string> Expected = [ErrorCatalogue.CheckpointUnreadable.Id, ErrorCatalogue.CheckpointForbidden.Id, ErrorCatalogue.CheckpointLegacy.Id, ErrorCatalogue.CheckpointLayout.Id];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("training.pt")]
    [InlineData("types.pt")]
    [InlineData("views.pt")]
    [InlineData("protocol-5.pt")]
    public void Flipped_bytes_are_refused_or_read(string name)
    {
        var whole = Fixtures.Bytes(name);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Array[1, 6].Sample(edits => MustEnd(Changed(whole, edits)), iter: 400, threads: 1);
    }

    [Fact]
    public void Flipped_bytes_of_a_description_are_refused_or_read()
    {
        // Checksums would stop most of these at the door, so the description is read alone.
        var description = Description("training.pt");
        var marks = Encoding.Latin1.GetBytes("}](.)uetsaRQbch0q\u0085\u0086\u0087\u0093\u0094\u008a\u00ffKJ");
        Gen.Select(Gen.Int[0, description.Length - 1], Gen.OneOf(Gen.Byte, Gen.Int[0, marks.Length - 1].Select(i => marks[i]))).Array[1, 8].Sample(
            edits => MustEnd(() => Unpickler.Read(Changed(description, edits), "fuzz.pt")), iter: 20_000, threads: 1);
    }

    [Fact]
    public void Random_opcodes_are_refused_or_read()
    {
        var words = new[] { "}", "]", ")", "(", "N", "u", "e", "t", "s", "a", "R", "Q", "b", "0", "1", "q\0", "h\0", "K\u0001", "X\u0001\0\0\0a", "\u0085", "\u0086", "\u0087", "\u0088", "\u0089", "\u0093", "\u0094", "ccollections\nOrderedDict\n", "ctorch\nFloatStorage\n", "ctorch._utils\n_rebuild_tensor_v2\n", "cnumpy\ndtype\n" };
        Gen.Int[0, words.Length - 1].Array[0, 60].Sample(
            parts => MustEnd(() => Unpickler.Read(Encoding.Latin1.GetBytes(string.Concat(parts.Select(p => words[p])) + "."), "fuzz.pt")), iter: 20_000, threads: 1);
    }

    [Theory]
    [InlineData("parameters.pt", 1)]
    [InlineData("training.pt", 13)]
    public void Every_truncation_is_refused(string name, int step)
    {
        var whole = Fixtures.Bytes(name);
        for (var length = 0; length < whole.Length; length += step)
        {
            File.WriteAllBytes(_folder["cut.pt"], whole[..length]);
            Fails.With(ErrorCatalogue.CheckpointUnreadable, () => new PyTorchFile(_folder["cut.pt"]).Dispose());
        }
    }

    private static byte[] Changed(byte[] whole, (int At, byte Value)[] edits)
    {
        var bytes = (byte[])whole.Clone();
        foreach (var (at, value) in edits)
        {
            bytes[at] = value;
        }

        return bytes;
    }

    private static void MustEnd(Action read)
    {
        try
        {
            read();
        }
        catch (FederationException e)
        {
            Assert.Contains(e.Code.Id, Expected);
        }
    }

    private static byte[] Description(string name)
    {
        using var archive = System.IO.Compression.ZipFile.OpenRead(Fixtures.PathOf(name));
        using var entry = archive.Entries.Single(e => e.Name == "data.pkl").Open();
        using var copy = new MemoryStream();
        entry.CopyTo(copy);
        return copy.ToArray();
    }

    private void MustEnd(byte[] bytes)
    {
        File.WriteAllBytes(_folder["fuzz.pt"], bytes);
        MustEnd(() =>
        {
            using var file = new PyTorchFile(_folder["fuzz.pt"]);
            foreach (var tensor in file.Tensors)
            {
                using var copy = new MemoryStream();
                file.CopyTo(tensor, 0, tensor.Count, copy, TestContext.Current.CancellationToken);
                Assert.Equal(tensor.Count * TensorInfo.SizeOf(tensor.DataType), copy.Length);
            }
        });
    }
}
