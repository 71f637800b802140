using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Losses;
using BrainMVP.Federated.Networks.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Models;

public sealed class ReconstructionModelTests
{
    public static TheoryData<string, bool> Networks { get; } = new()
    {
        { Backbones.UniFormer, false },
        { Backbones.UniFormer, true },
        { Backbones.UNet3D, false },
        { Backbones.UNet3D, true },
    };

    [Fact]
    public void Decoder_is_affine()
    {
        using var model = Tiny.Model();
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var decoder = model.Decoder;
        var (a, b) = (Tiny.Uniform([1, 12, 2, 2, 2], "a"), Tiny.Uniform([1, 12, 2, 2, 2], "b"));
        var zero = decoder.call(zeros_like(a));
        var left = decoder.call(a + b) - zero;
        var right = decoder.call(a) + decoder.call(b) - (2 * zero);
        Assert.True(left.allclose(right, 1e-4, 1e-5));
        Assert.False(left.allclose(zero, 1e-4, 1e-5));
    }

    [Fact]
    public void Each_deep_voxel_reconstructs_its_own_sixteen_cubed_voxels_in_place()
    {
        using var model = Tiny.Model();
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();

        // Features are [S, R, A]; the volume is [R, A, S].
        var features = zeros(new long[] { 1, 12, 3, 2, 2 });
        var moved = features.clone();
        moved[0, 0, 2, 0, 1] = 1;
        var change = (model.Decoder.call(moved) - model.Decoder.call(features)).abs()[0, 0];
        Assert.Equal([32L, 32L, 48L], change.shape);
        var inside = change[..16, 16..32, 32..48].sum().item<float>();
        Assert.True(inside > 0);
        Assert.Equal(inside, change.sum().item<float>(), 1e-5f * inside);
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void A_training_step_leaves_no_tensor_behind(string backbone, bool recomputation)
    {
        using var model = Model(backbone, recomputation);
        Step(model);
        Step(model);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 5; i++)
        {
            Step(model);
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Every_parameter_receives_a_gradient(string backbone, bool recomputation)
    {
        using var model = Model(backbone, recomputation);
        Step(model);
        Assert.All(model.State.Parameters, p => Assert.True(p.Value.grad is { } g && g.abs().sum().item<float>() > 0, p.Key));
    }

    private static ReconstructionModel Model(string backbone, bool recomputation) =>
        Tiny.Model(backbone == Backbones.UNet3D ? Tiny.UNet3D : Tiny.Network, recomputation: recomputation);

    private static void Step(ReconstructionModel model)
    {
        using var scope = NewDisposeScope();
        model.zero_grad();
        var target = Tiny.Uniform([4, 1, 32, 32, 32], "target");
        var (features, volume) = model.call(target);
        var halves = features.chunk(2);
        var loss = PretrainingLosses.Reconstruction(volume, target) + PretrainingLosses.Contrastive(halves[0], halves[1], 0.1);
        BackwardPass.Run(loss);
    }
}
