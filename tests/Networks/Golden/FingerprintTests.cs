using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Losses;
using BrainMVP.Federated.Networks.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Golden;

/// <summary>The pre-training network with UniFormer.</summary>
public sealed class FingerprintTests : IDisposable
{
    private readonly UniFormerModel _model = (UniFormerModel)ReconstructionModel.Create(new NetworkPlan());

    public FingerprintTests() => LcgFill.Apply(_model.State, LcgFill.WithoutPrefix);

    public void Dispose() => _model.Dispose();

    [Fact]
    public void Full_size_network_gives_the_published_figures_in_evaluation_mode()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        _model.eval();
        var input = LcgFill.Input([2, 1, 32, 48, 64]);
        var x = _model.Encoder.Features(input);
        var rec = _model.Decoder.call(x[4]);
        Fingerprint.Check("x0", x[0], [2, 1, 64, 32, 48], 0.499597, 0.289110, 0.499597, 0.020403, 0.321420, 0.257251);
        Fingerprint.Check("x1", x[1], [2, 64, 32, 16, 24], 0.078892, 13.314284, 10.296245, -2.150980, -3.462228, 2.868829);
        Fingerprint.Check("x2", x[2], [2, 128, 16, 8, 12], 3.065062, 22.927116, 17.714522, -4.000564, -5.218531, -1.009035);
        Fingerprint.Check("x3", x[3], [2, 320, 8, 4, 6], -0.017696, 11.277076, 7.111242, 0.313559, 1.966912, 1.532938);
        Fingerprint.Check("x4", x[4], [2, 512, 4, 2, 3], -0.115271, 2.629528, 1.992099, -0.851290, 0.802933, 7.126964);
        Fingerprint.Check("rec", rec, [2, 1, 32, 48, 64], -0.050206, 2.759481, 2.173958, -4.090261, -5.881441, -0.729477);
        Fingerprint.Near("InfoNCE flipped", 0.761939, PretrainingLosses.Contrastive(x[4], x[4].flip(0), 1).item<float>());
        Fingerprint.Near("InfoNCE same", 0.628785, PretrainingLosses.Contrastive(x[4], x[4], 1).item<float>());
    }

    [Fact]
    public void Full_size_network_gives_the_published_figures_in_training_mode()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        _model.train();
        var (x4, rec) = _model.call(LcgFill.Input([2, 1, 32, 48, 64]));
        Fingerprint.Check("x4", x4, [2, 512, 4, 2, 3], 0.000693, 1.006958, 0.807638, -1.152624, 1.054565, -0.179350);
        Fingerprint.Check("rec", rec, [2, 1, 32, 48, 64], -0.042923, 1.064352, 0.839837, -0.170601, 0.712242, -0.107425);
        var statistics = _model.State.Statistics;
        Fingerprint.Near("mean 1", 0.019170, statistics["encoder.blocks1.0.norm1.running_mean"].mean().item<float>());
        Fingerprint.Near("var 1", 0.951887, statistics["encoder.blocks1.0.norm1.running_var"].mean().item<float>());
        Fingerprint.Near("mean 4", -0.004046, statistics["encoder.norm.running_mean"].mean().item<float>());
        Fingerprint.Near("var 4", 1.342302, statistics["encoder.norm.running_var"].mean().item<float>());
    }
}
