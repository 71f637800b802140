using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Interchange;
using BrainMVP.Federated.Training.Models;

namespace BrainMVP.Federated.Training.Tests.Interchange;

public sealed class CheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Backbones.UniFormer)]
    [InlineData(Backbones.UNet3D)]
    public void A_file_of_this_project_survives_the_way_there_and_back_to_the_byte(string backbone)
    {
        PyTorchFileWriter.WriteFile(_folder["a.pt"], TinyCheckpoint.Tensors(TinyCheckpoint.Layout(backbone)));
        Import("a.pt", "a.safetensors", TinyCheckpoint.Plan(backbone));
        CheckpointExport.Write(_folder["a.safetensors"], _folder["b.pt"], (_, _) => { }, Cancellation);
        Assert.Equal(File.ReadAllBytes(_folder["a.pt"]), File.ReadAllBytes(_folder["b.pt"]));
    }

    [Fact]
    public void Everything_is_kept_bit_for_bit_also_what_training_never_reaches()
    {
        var layout = TinyCheckpoint.Layout();
        PyTorchFileWriter.WriteFile(_folder["a.pt"], TinyCheckpoint.Tensors(layout));
        var summary = Import("a.pt", "a.safetensors");
        Assert.Equal((layout.Tensors.Count, layout.Elements), (summary.Tensors, summary.Elements));

        using var pt = new PyTorchFile(_folder["a.pt"]);
        using var here = new SafetensorsReader(_folder["a.safetensors"]);
        Assert.Equal(layout.Tensors.Count - 1 + 8, here.Tensors.Count);
        Assert.Equal("I64", here.Tensors["encoder.norm.num_batches_tracked"].DataType);
        Assert.Contains("decoder.decoder5.conv_block.conv2.conv.weight", here.Tensors.Keys);
        foreach (var tensor in layout.Tensors.Where(t => t.Role != TensorRole.Templates))
        {
            var there = pt.Tensors.Single(t => t.Name == "module." + tensor.Key);
            Assert.Equal(PyTorchFileTests.Bytes(pt, there, 0, there.Count), Bytes(here, tensor.Name));
        }

        var stacked = pt.Tensors.Single(t => t.Name == "module.rep_template");
        Assert.Equal(PyTorchFileTests.Bytes(pt, stacked, 0, stacked.Count), Modalities.All.SelectMany(m => Bytes(here, "template." + m)));
    }

    [Fact]
    public void Names_without_the_data_parallel_prefix_are_the_same_checkpoint()
    {
        PyTorchFileWriter.WriteFile(_folder["a.pt"], TinyCheckpoint.Tensors(TinyCheckpoint.Layout()));
        PyTorchFileWriter.WriteFile(_folder["b.pt"], TinyCheckpoint.Tensors(TinyCheckpoint.Layout(), prefix: ""));
        Import("a.pt", "a.safetensors");
        Import("b.pt", "b.safetensors");
        Assert.Equal(File.ReadAllBytes(_folder["a.safetensors"]), File.ReadAllBytes(_folder["b.safetensors"]));
    }

    [Fact]
    public void Another_set_of_tensors_is_refused_with_what_was_found()
    {
        var tensors = TinyCheckpoint.Tensors(TinyCheckpoint.Layout());
        Refused([.. tensors.Skip(1)], "rep_template is missing");
        Refused([.. tensors, TensorSource.Floats("module.more", [1], new float[1])], ": more is not part of it");
        Refused([.. tensors, TensorSource.Floats("module.module.rep_template", [1], new float[1])], ": module.rep_template is not part of it");
        Refused([.. tensors.Skip(1), tensors[0] with { Shape = [8, 16, 18, 20] }], "rep_template is F32 [8, 16, 18, 20]");
        Refused([.. tensors.Take(3).Select((t, i) => i == 2 ? t with { Name = "other" } : t), .. tensors.Skip(3)], "elements");

        PyTorchFileWriter.WriteFile(_folder["small.pt"], tensors);
        var error = Fails.With(ErrorCatalogue.CheckpointLayout, () => CheckpointImport.Run(_folder["small.pt"], _folder["x.safetensors"], null, (_, _) => { }, Cancellation));
        Assert.Contains("expected 352 tensors with 105,744,016 elements of uniformer", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["x.safetensors"]));
    }

    [Fact]
    public void A_run_starts_from_the_network_and_the_templates_of_a_checkpoint()
    {
        var plan = TinyCheckpoint.Plan();
        PyTorchFileWriter.WriteFile(_folder["a.pt"], TinyCheckpoint.Tensors(TinyCheckpoint.Layout()));
        Import("a.pt", "a.safetensors");
        CheckpointParts.WriteNetwork(_folder["a.safetensors"], plan, _folder["initial.safetensors"], Cancellation);
        Assert.Equal(["flair", "t1", "adc"], CheckpointParts.WriteTemplates(_folder["a.safetensors"], plan, _folder["templates"], Cancellation));

        ModelInitializer.Write(plan, _folder["untrained.safetensors"]);
        using var all = new SafetensorsReader(_folder["a.safetensors"]);
        using var initial = new SafetensorsReader(_folder["initial.safetensors"]);
        using var untrained = new SafetensorsReader(_folder["untrained.safetensors"]);
        Assert.Equal(untrained.Tensors.Values.Select(t => (t.Name, t.DataType, t.Begin)), initial.Tensors.Values.Select(t => (t.Name, t.DataType, t.Begin)));
        Assert.Empty(initial.Metadata);
        Assert.All(initial.Tensors.Keys, name => Assert.Equal(Bytes(all, name), Bytes(initial, name)));

        using var bank = ModelFile.LoadTemplates(plan, plan.Modalities, plan.Modalities.ToDictionary(m => m, m => Path.Combine(_folder["templates"], m + ".safetensors")));
        Assert.Equal(Bytes(all, "template.adc"), bank.Templates["adc"].bytes.ToArray());
    }

    [Fact]
    public void Another_network_another_canvas_and_numbers_that_are_none_are_refused()
    {
        var plan = TinyCheckpoint.Plan();
        var tensors = TinyCheckpoint.Tensors(TinyCheckpoint.Layout());
        PyTorchFileWriter.WriteFile(_folder["a.pt"], tensors);
        Import("a.pt", "a.safetensors");
        Fails.With(ErrorCatalogue.LayoutMismatch, () => CheckpointParts.WriteNetwork(_folder["a.safetensors"], plan with { Network = plan.Network with { HeadWidth = 2 } }, _folder["x"], Cancellation));
        var error = Fails.With(ErrorCatalogue.LayoutMismatch, () => CheckpointParts.WriteTemplates(_folder["a.safetensors"], plan with { Imaging = plan.Imaging with { Canvas = [20, 20, 16] } }, _folder["x"], Cancellation));
        Assert.Contains("20 x 18 x 16", error.Message, StringComparison.Ordinal);

        PyTorchFileWriter.WriteFile(_folder["nan.pt"], [.. tensors.Select(t => t.Name.EndsWith("patch_embed1.proj.bias", StringComparison.Ordinal) ? TensorSource.Floats(t.Name, t.Shape, new[] { 0, float.NaN, 0, 0 }) : t)]);
        Import("nan.pt", "nan.safetensors");
        Fails.With(ErrorCatalogue.CheckpointLayout, () => CheckpointParts.WriteNetwork(_folder["nan.safetensors"], plan, _folder["x"], Cancellation));
        Assert.False(File.Exists(_folder["x"]));
    }

    [Fact]
    public void A_federated_result_becomes_a_whole_published_checkpoint()
    {
        var plan = TinyCheckpoint.Plan();
        ModelInitializer.Write(plan, _folder["model"]);
        var template = Enumerable.Range(0, 20 * 18 * 16).Select(i => i * 0.5f).ToArray();
        SafetensorsWriter.WriteFile(Path.Combine(_folder["templates"], "t1.safetensors"), [TensorSource.Floats("template.t1", [20, 18, 16], template)]);
        var written = CheckpointExport.Write(_folder["model"], _folder["templates"], plan, _folder["a.pt"], activeOnly: false, (_, _) => { }, Cancellation);
        Assert.Equal(["t1"], written.Modalities);
        Import("a.pt", "a.safetensors");

        using var all = new SafetensorsReader(_folder["a.safetensors"]);
        using var model = new SafetensorsReader(_folder["model"]);
        Assert.All(model.Tensors.Keys, name => Assert.Equal(Bytes(model, name), Bytes(all, name)));
        Assert.Equal(template, all.ReadFloats("template.t1"));
        Assert.All(all.ReadFloats("template.t2"), v => Assert.Equal(0, v));
        Assert.Equal(21, BitConverter.ToInt64(Bytes(all, "encoder.blocks1.0.norm1.num_batches_tracked")));
        Assert.All(all.ReadFloats("decoder.proj1.norm.weight"), v => Assert.Equal(1, v));
        Assert.All(all.ReadFloats("decoder.proj1.proj.bias"), v => Assert.Equal(0, v));
        var still = all.ReadFloats("decoder.decoder5.conv_block.conv1.conv.weight");
        Assert.InRange(still.Average(v => v * v) * (8 * 27), 1.8, 2.2);
    }

    [Fact]
    public void The_same_result_gives_the_same_bytes_and_active_only_leaves_the_rest_out()
    {
        var plan = TinyCheckpoint.Plan();
        ModelInitializer.Write(plan, _folder["model"]);
        foreach (var name in new[] { "a.pt", "b.pt" })
        {
            CheckpointExport.Write(_folder["model"], null, plan, _folder[name], activeOnly: false, (_, _) => { }, Cancellation);
        }

        Assert.Equal(File.ReadAllBytes(_folder["a.pt"]), File.ReadAllBytes(_folder["b.pt"]));
        CheckpointExport.Write(_folder["model"], null, plan, _folder["active.pt"], activeOnly: true, (_, _) => { }, Cancellation);
        using var active = new PyTorchFile(_folder["active.pt"]);
        Assert.DoesNotContain(active.Tensors, t => t.Name.Contains("conv_block", StringComparison.Ordinal) || t.Name.Contains("proj1", StringComparison.Ordinal));
        Assert.Equal(TinyCheckpoint.Layout().Tensors.Count(t => t.Role != TensorRole.Inactive), active.Tensors.Count);

        Fails.With(ErrorCatalogue.LayoutMismatch, () => CheckpointExport.Write(_folder["model"], null, TinyCheckpoint.Plan(Backbones.UNet3D), _folder["x"], activeOnly: false, (_, _) => { }, Cancellation));
        Directory.CreateDirectory(_folder["empty"]);
        Fails.With(ErrorCatalogue.ArgumentInvalid, () => CheckpointExport.Write(_folder["model"], _folder["empty"], plan, _folder["x"], activeOnly: false, (_, _) => { }, Cancellation));
    }

    [Fact]
    public void A_checkpoint_must_say_what_it_is_and_hold_it()
    {
        ModelInitializer.Write(TinyCheckpoint.Plan(), _folder["model"]);
        Fails.With(ErrorCatalogue.CheckpointLayout, () => Checkpoint.Open(_folder["model"]).Dispose());

        var metadata = new Dictionary<string, string> { ["format"] = "brainmvp-checkpoint-1", ["network"] = "{}", ["canvas"] = "20,18,999999999" };
        SafetensorsWriter.WriteFile(_folder["large"], [], metadata);
        Fails.With(ErrorCatalogue.PlanOutOfRange, () => Checkpoint.Open(_folder["large"]).Dispose());
        SafetensorsWriter.WriteFile(_folder["empty"], [], new Dictionary<string, string>(metadata) { ["canvas"] = "20,18,16" });
        Fails.With(ErrorCatalogue.CheckpointLayout, () => Checkpoint.Open(_folder["empty"]).Dispose());
    }

    [Fact]
    public void Tensors_begin_at_multiples_of_64_bytes_and_a_zip_program_agrees()
    {
        PyTorchFileWriter.WriteFile(_folder["a.pt"], TinyCheckpoint.Tensors(TinyCheckpoint.Layout()));
        using (var file = new BoundedFile(_folder["a.pt"]))
        {
            Assert.All(new ZipDirectory(file).Entries.Values, e => Assert.Equal(0, e.Offset % 64));
        }

        using var archive = System.IO.Compression.ZipFile.OpenRead(_folder["a.pt"]);
        Assert.Equal(TinyCheckpoint.Layout().Tensors.Count + 3, archive.Entries.Count);
        foreach (var entry in archive.Entries)
        {
            using var content = entry.Open();
            using var copy = new MemoryStream();
            content.CopyTo(copy);
            Assert.Equal(entry.Length, copy.Length);
            Assert.Equal(entry.Crc32, System.IO.Hashing.Crc32.HashToUInt32(copy.ToArray()));
        }
    }

    private ImportSummary Import(string source, string target, Plan? plan = null) =>
        CheckpointImport.Run(_folder[source], _folder[target], plan ?? TinyCheckpoint.Plan(), (_, _) => { }, Cancellation);

    private void Refused(IReadOnlyList<TensorSource> tensors, string why)
    {
        PyTorchFileWriter.WriteFile(_folder["other.pt"], tensors);
        Assert.Contains(why, Fails.With(ErrorCatalogue.CheckpointLayout, () => Import("other.pt", "other.safetensors")).Message, StringComparison.Ordinal);
    }

    private static byte[] Bytes(SafetensorsReader file, string name)
    {
        var bytes = new byte[file.Tensors[name].End - file.Tensors[name].Begin];
        file.ReadBytes(name, 0, bytes);
        return bytes;
    }
}
