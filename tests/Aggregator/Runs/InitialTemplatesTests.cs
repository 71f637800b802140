using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Runs;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using ErrorCode = BrainMVP.Federated.Contracts.Errors.ErrorCode;

namespace BrainMVP.Federated.Aggregator.Tests.Runs;

/// <summary>Templates that a run is submitted with are checked before anyone is invited.</summary>
public sealed class InitialTemplatesTests : IDisposable
{
    private static readonly Plan Plan = Presets.Create(Presets.Demo) with { Modalities = ["t1", "t2"], Imaging = new ImagingPlan { Canvas = [16, 17, 18], Crop = [16, 16, 16] } };
    private static readonly LayoutDocument Layout = new()
    {
        Tensors = [.. Plan.Modalities.Select(m => new LayoutTensor("template." + m, "template." + m, [16, 17, 18]))],
    };

    private readonly TemporaryFolder _folder = new();
    private readonly ArtifactStore _artifacts;

    public InitialTemplatesTests()
    {
        _artifacts = new ArtifactStore(_folder.Path);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Templates_of_the_plan_on_its_canvas_are_accepted()
    {
        Check();
        Check(("t1", Put(Template("t1"))));
        Check(("t1", Put(Template("t1"))), ("t2", Put(Template("t2"))));
    }

    [Fact]
    public void A_modality_outside_the_plan_is_refused() => Refused(ErrorCatalogue.ArgumentInvalid, ("pd", Put(Template("pd"))));

    [Fact]
    public void A_file_that_was_not_uploaded_is_refused() => Refused(ErrorCatalogue.ArtifactMissing, ("t1", new string('a', 64)));

    [Fact]
    public void Another_tensor_another_canvas_and_more_tensors_are_refused()
    {
        Refused(ErrorCatalogue.LayoutMismatch, ("t1", Put(Template("t2"))));
        Refused(ErrorCatalogue.LayoutMismatch, ("t1", Put(TensorSource.Floats("template.t1", [18, 17, 16], new float[16 * 17 * 18]))));
        Refused(ErrorCatalogue.LayoutMismatch, ("t1", Put(new TensorSource("template.t1", "F64", [16, 17, 18], s => s.Write(new byte[16 * 17 * 18 * 8])))));
        Refused(ErrorCatalogue.LayoutMismatch, ("t1", Put(Template("t1"), TensorSource.Floats("z", [1], new float[1]))));
    }

    [Fact]
    public void Values_that_are_not_finite_are_refused()
    {
        var values = new float[16 * 17 * 18];
        values[^1] = float.NaN;
        Refused(ErrorCatalogue.LayoutMismatch, ("t1", Put(TensorSource.Floats("template.t1", [16, 17, 18], values))));
    }

    [Fact]
    public void A_file_of_another_kind_is_refused() => Refused(ErrorCatalogue.SafetensorsInvalid, ("t1", _artifacts.Put(s => s.Write("no tensors"u8))));

    private static TensorSource Template(string modality) => TensorSource.Floats("template." + modality, [16, 17, 18], new float[16 * 17 * 18]);

    private string Put(params TensorSource[] tensors) => _artifacts.Put(s => SafetensorsWriter.Write(s, tensors));

    private void Check(params (string Modality, string Hash)[] templates) =>
        InitialTemplates.Check(templates.Select(t => KeyValuePair.Create(t.Modality, t.Hash)), Plan, Layout, _artifacts);

    private void Refused(ErrorCode code, params (string Modality, string Hash)[] templates) => Fails.With(code, () => Check(templates));
}
