using System.Text.Json;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Training.Interchange;

namespace BrainMVP.Federated.Training.Tests.Interchange;

/// <summary>Files of PyTorch itself are read as PyTorch reads them, and hostile ones are refused.</summary>
public sealed class PyTorchFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("plain")]
    [InlineData("parameters")]
    [InlineData("data-parallel")]
    [InlineData("protocol-4")]
    [InlineData("protocol-5")]
    [InlineData("types")]
    [InlineData("views")]
    [InlineData("training")]
    public void Every_tensor_has_the_values_that_PyTorch_reads(string name)
    {
        using var expected = JsonDocument.Parse(Fixtures.Bytes("expected.json"));
        using var file = new PyTorchFile(Fixtures.PathOf(name + ".pt"));
        var tensors = expected.RootElement.GetProperty(name).EnumerateObject().ToArray();
        Assert.Equal(tensors.Select(t => t.Name), file.Tensors.Select(t => t.Name));
        foreach (var (tensor, values) in file.Tensors.Zip(tensors))
        {
            Assert.Equal(values.Value.GetProperty("shape").EnumerateArray().Select(v => v.GetInt64()), tensor.Shape);
            Assert.Equal(values.Value.GetProperty("values").EnumerateArray().Select(v => v.GetDouble()), Values(file, tensor));
        }
    }

    [Fact]
    public void Any_part_of_any_view_can_be_read()
    {
        using var file = new PyTorchFile(Fixtures.PathOf("views.pt"));
        foreach (var tensor in file.Tensors)
        {
            var all = Bytes(file, tensor, 0, tensor.Count);
            for (var first = 0L; first <= tensor.Count; first++)
            {
                for (var count = 0L; count <= tensor.Count - first; count++)
                {
                    Assert.Equal(all[((int)first * 4)..((int)(first + count) * 4)], Bytes(file, tensor, first, count));
                }
            }
        }
    }

    [Fact]
    public void What_lies_beside_the_weights_is_named_and_left_alone()
    {
        using var file = new PyTorchFile(Fixtures.PathOf("training.pt"));
        Assert.Equal(["current_epoch", "optimizer", "scheduler", "val_best"], file.Others);
    }

    [Theory]
    [InlineData("hostile.pt", "posix.system")]
    [InlineData("hostile-optimizer.pt", "__builtin__.eval at optimizer")]
    [InlineData("hostile-class.pt", "__main__.Layers at model")]
    public void Code_is_refused_with_its_name_and_nothing_of_it_runs(string name, string refused)
    {
        var before = Directory.GetCurrentDirectory();
        var error = Fails.With(ErrorCatalogue.CheckpointForbidden, () => new PyTorchFile(Fixtures.PathOf(name)).Dispose());
        Assert.Contains(refused, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(before, "executed-by-unpickling")));
        Assert.False(File.Exists(Fixtures.PathOf("executed-by-unpickling")));
    }

    [Fact]
    public void A_placeholder_in_the_place_of_a_weight_is_refused() => Assert.Contains(
        "numpy.core.multiarray.scalar",
        Fails.With(ErrorCatalogue.CheckpointLayout, () => new PyTorchFile(Fixtures.PathOf("numpy-in-state.pt")).Dispose()).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("legacy.pt", "before 1.6")]
    [InlineData("big-endian.pt", "big")]
    public void Formats_that_are_not_read_say_what_to_do(string name, string why)
    {
        var error = Fails.With(ErrorCatalogue.CheckpointLegacy, () => new PyTorchFile(Fixtures.PathOf(name)).Dispose());
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Contains("torch.save", error.Code.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Compressed_entries_are_refused_so_that_no_file_grows_when_read() => Assert.Contains(
        "compressed",
        Fails.With(ErrorCatalogue.CheckpointUnreadable, () => new PyTorchFile(Fixtures.PathOf("compressed.pt")).Dispose()).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("PK")]
    [InlineData("no archive at all, only a long enough text that could be anything")]
    public void Other_files_are_no_checkpoints(string content)
    {
        File.WriteAllText(_folder["other.pt"], content);
        Fails.With(ErrorCatalogue.CheckpointUnreadable, () => new PyTorchFile(_folder["other.pt"]).Dispose());
    }

    [Fact]
    public void A_missing_file_is_a_wrong_argument() => Fails.With(ErrorCatalogue.ArgumentInvalid, () => new PyTorchFile(_folder["missing.pt"]).Dispose());

    [Fact]
    public void A_changed_weight_does_not_pass_its_checksum()
    {
        var bytes = Fixtures.Bytes("plain.pt");
        bytes[bytes.AsSpan().IndexOf(BitConverter.GetBytes(5f))] = 1; // The bias begins with 5.
        File.WriteAllBytes(_folder["changed.pt"], bytes);
        using var file = new PyTorchFile(_folder["changed.pt"]);
        var bias = file.Tensors.Single(t => t.Name == "linear.bias");
        Fails.With(ErrorCatalogue.CheckpointUnreadable, () => Bytes(file, bias, 0, bias.Count));
    }

    internal static byte[] Bytes(PyTorchFile file, PyTorchTensor tensor, long first, long count)
    {
        using var stream = new MemoryStream();
        file.CopyTo(tensor, first, count, stream, TestContext.Current.CancellationToken);
        return stream.ToArray();
    }

    private static IEnumerable<double> Values(PyTorchFile file, PyTorchTensor tensor)
    {
        var bytes = Bytes(file, tensor, 0, tensor.Count);
        return Enumerable.Range(0, (int)tensor.Count).Select(i => tensor.DataType switch
        {
            "F32" => BitConverter.ToSingle(bytes, i * 4),
            "F64" => BitConverter.ToDouble(bytes, i * 8),
            "F16" => (double)BitConverter.ToHalf(bytes, i * 2),
            "BF16" => BitConverter.Int32BitsToSingle(BitConverter.ToInt16(bytes, i * 2) << 16),
            "I64" => BitConverter.ToInt64(bytes, i * 8),
            "I32" => BitConverter.ToInt32(bytes, i * 4),
            "I16" => BitConverter.ToInt16(bytes, i * 2),
            "I8" => (sbyte)bytes[i],
            _ => bytes[i],
        });
    }
}
