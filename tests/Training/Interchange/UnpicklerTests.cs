using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Training.Interchange;

namespace BrainMVP.Federated.Training.Tests.Interchange;

public sealed class UnpicklerTests
{
    private const string Tensor = "ctorch._utils\n_rebuild_tensor_v2\n";

    [Theory]
    [InlineData("cos\nsystem\n.", "os.system")]
    [InlineData("cbuiltins\neval\n.", "builtins.eval")]
    [InlineData("c__builtin__\ngetattr\n.", "__builtin__.getattr")]
    [InlineData("ctorch.storage\n_load_from_bytes\n.", "torch.storage._load_from_bytes")]
    [InlineData("ccollections\ndefaultdict\n.", "collections.defaultdict")]
    [InlineData("X\u0002\0\0\0osX\u0006\0\0\0system\u0093.", "os.system")]
    [InlineData("}X\u0009\0\0\0optimizercos\nsystem\n)Rs.", "os.system")]
    [InlineData("((ios\nsystem\n.", "os.system")]
    [InlineData("ccollections\nOrderedDict\n)\u0081.", "collections.OrderedDict")]
    [InlineData("ctorch\nFloatStorage\n)R.", "torch.FloatStorage")]
    [InlineData("}(X\u0001\0\0\0aK\u0001X\u0001\0\0\0b}(X\u0001\0\0\0ccposix\nsystem\n", "posix.system at b.c")]
    [InlineData("\u0082\u0001.", "registry")]
    [InlineData("Pname\n.", "outside the file")]
    [InlineData("(o.", "an object")]
    public void A_name_outside_the_list_is_refused_before_it_is_used(string opcodes, string refused) =>
        Assert.Contains(refused, Fails.With(ErrorCatalogue.CheckpointForbidden, () => Read(opcodes)).Message, StringComparison.Ordinal);

    [Fact]
    public void What_is_refused_cannot_write_on_the_terminal()
    {
        var error = Fails.With(ErrorCatalogue.CheckpointForbidden, () => Read("X\u0003\0\0\0\u001b[2X\u0002\0\0\0\r\n\u0093."));
        Assert.DoesNotContain(error.Message, char.IsControl);
    }

    [Theory]
    [InlineData("")]
    [InlineData("}")]
    [InlineData(".")]
    [InlineData("}}.")]
    [InlineData("(}.")]
    [InlineData("}.}")]
    [InlineData("h\0.")]
    [InlineData("0.")]
    [InlineData("}(0.")]
    [InlineData("t.")]
    [InlineData("}}s.")]
    [InlineData("]}K\u0001s.")]
    [InlineData("}(K\u0001u.")]
    [InlineData("}(K\u0001NK\u0001Nu.")]
    [InlineData("}(X\u0001\0\0\0aNX\u0001\0\0\0aNu.")]
    [InlineData("X\u00ff\u00ff\u00ff\u00ffabc.")]
    [InlineData("\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff.")]
    [InlineData("\u008b\u00ff\u00ff\u00ff\u007f.")]
    [InlineData("}}b.")]
    [InlineData("NQ.")]
    [InlineData("((X\u0007\0\0\0storageNX\u0001\0\0\00X\u0003\0\0\0cpuK\u0001tQ.")]
    [InlineData("NNR.")]
    [InlineData("ccollections\nOrderedDict\n]R.")]
    [InlineData("\u0080\u0006}.")]
    [InlineData("cno end of the name")]
    [InlineData("\u0097.")]
    [InlineData("?.")]
    public void Damaged_descriptions_are_refused(string opcodes) => Fails.With(ErrorCatalogue.CheckpointUnreadable, () => Read(opcodes));

    [Theory]
    [InlineData("K\u0000", "K\u0002", "K\u0001", true)]
    [InlineData("K\u0000", "K\u0003", "K\u0001", true)]
    [InlineData("K\u0000", "K\u0004", "K\u0001", false)]
    [InlineData("K\u0001", "K\u0003", "K\u0001", false)]
    [InlineData("K\u0003", "K\u0000", "K\u0001", true)]
    [InlineData("K\u0004", "K\u0000", "K\u0001", false)]
    [InlineData("K\u0000", "K\u0002", "K\u0002", true)]
    [InlineData("K\u0000", "K\u0002", "K\u0003", false)]
    [InlineData("K\u0000", "K\u0004", "K\u0000", false)]
    [InlineData("J\u00ff\u00ff\u00ff\u00ff", "K\u0001", "K\u0001", false)]
    [InlineData("K\u0000", "J\u00ff\u00ff\u00ff\u00ff", "K\u0001", false)]
    [InlineData("K\u0002", "K\u0002", "J\u00ff\u00ff\u00ff\u00ff", false)]
    [InlineData("K\u0000", "K\u0002", "\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f", false)]
    [InlineData("K\u0000", "\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f", "K\u0000", false)]
    public void A_tensor_lies_inside_its_storage(string offset, string size, string stride, bool fits)
    {
        var opcodes = $"{Tensor}((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpuK\u0003tQ{offset}({size}t({stride}t\u0089NtR.";
        if (fits)
        {
            Assert.IsType<TensorView>(Read(opcodes));
        }
        else
        {
            Fails.With(ErrorCatalogue.CheckpointUnreadable, () => Read(opcodes));
        }
    }

    [Fact]
    public void Deep_nesting_and_endless_filling_end_at_the_bounds()
    {
        Fails.With(ErrorCatalogue.CheckpointUnreadable, () => Read(new string('(', 100_000) + "."));
        Fails.With(ErrorCatalogue.CheckpointUnreadable, () => Read(new string('N', 2_000_000) + "."));
        Fails.With(ErrorCatalogue.CheckpointUnreadable, () => Read("]" + string.Concat(Enumerable.Repeat("}a", 2_000_000)) + "."));

        // A chain of a hundred thousand containers inside each other is only a chain: nothing walks it.
        Assert.IsType<InertTuple>(Read(")" + new string('\u0085', 100_000) + "."));
    }

    [Fact]
    public void A_container_may_hold_itself() => Assert.IsType<InertList>(Read("]q\0h\0a."));

    private static object Read(string opcodes) => Unpickler.Read(Encoding.Latin1.GetBytes("\u0080\u0002" + opcodes), "test.pt");
}
