using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.Federation.Tests.Layouts;

public sealed class LayoutBuilderTests : IDisposable
{
    private readonly TinyFederation _federation = new(4, 1);

    public void Dispose() => _federation.Dispose();

    [Fact]
    public void A_layout_is_in_ordinal_order_with_a_group_for_every_tensor()
    {
        Assert.Equal(_federation.Layout.Tensors.Select(t => t.Name).Order(StringComparer.Ordinal), _federation.Layout.Tensors.Select(t => t.Name));
        Assert.Equal("batchNorm", Group("encoder.bn.running_mean"));
        Assert.Equal("batchNorm", Group("encoder.bn.running_var"));
        Assert.Equal("network", Group("encoder.weight"));
        Assert.Equal("template.t2", Group("template.t2"));
        Assert.Equal([3, 2, 2], _federation.Layout.Tensors.Single(t => t.Name == "template.dwi").Shape);
    }

    [Theory]
    [InlineData("x", "F64", 1)]
    [InlineData("x", "F32", 0)]
    [InlineData("template.t1", "F32", 1)]
    public void Tensors_that_cannot_be_averaged_are_refused(string name, string type, int count)
    {
        var path = _federation.LocalPath("other");
        SafetensorsWriter.WriteFile(path, [new TensorSource(name, type, [count], s => s.Write(new byte[count * (type == "F64" ? 8 : 4)]))]);
        using var model = new SafetensorsReader(path);
        Assert.Equal("BMF-1406", Assert.Throws<FederationException>(() => LayoutBuilder.Build(model, _federation.Plan)).Code.Id);
    }

    [Fact]
    public void An_empty_model_is_refused()
    {
        var path = _federation.LocalPath("empty");
        SafetensorsWriter.WriteFile(path, []);
        using var model = new SafetensorsReader(path);
        Assert.Equal("BMF-1406", Assert.Throws<FederationException>(() => LayoutBuilder.Build(model, _federation.Plan)).Code.Id);
    }

    [Fact]
    public void A_network_file_must_have_the_layouts_tensors_and_no_other()
    {
        using var model = new SafetensorsReader(_federation.ModelPath);
        _federation.Layout.RequireNetwork(model);
        using var local = new SafetensorsReader(_federation.LocalPath("site0"));
        Assert.Contains("template.", Assert.Throws<FederationException>(() => _federation.Layout.RequireNetwork(local)).Message, StringComparison.Ordinal);
        using var template = new SafetensorsReader(_federation.Templates["t2"]);
        Assert.Contains("missing", Assert.Throws<FederationException>(() => _federation.Layout.RequireNetwork(template)).Message, StringComparison.Ordinal);
    }

    private string Group(string name) => _federation.Layout.Tensors.Single(t => t.Name == name).Group;
}
