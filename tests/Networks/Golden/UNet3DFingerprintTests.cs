using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Models;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Golden;

public sealed class UNet3DFingerprintTests
{
    [Fact]
    public void Full_size_network_gives_the_published_figures()
    {
        using var model = (UNet3DModel)ReconstructionModel.Create(new NetworkPlan { Backbone = Backbones.UNet3D, Widths = [32, 64, 128, 256], Depths = [1, 2, 2, 4] });
        LcgFill.Apply(model.State, name => name);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var levels = model.Encoder.Features(LcgFill.Input([2, 1, 32, 48, 64]));
        var volume = model.Decoder.Forward(levels);
        Fingerprint.Check("c1", levels[0], [2, 32, 32, 48, 64], 0.019851, 0.830327, 0.662316, -0.120246, -0.267230, -0.029879);
        Fingerprint.Check("c4", levels[3], [2, 256, 4, 6, 8], 0.097500, 1.897881, 1.481401, -0.612803, -0.805927, -0.950863);
        Fingerprint.Check("rec", volume, [2, 1, 32, 48, 64], -0.687038, 1.880340, 1.620774, -1.385265, -0.359243, -1.666860);
    }
}
