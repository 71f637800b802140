using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Updates;
using CsCheck;

namespace BrainMVP.Federated.Federation.Tests.Updates;

public sealed class NormBoundTests
{
    [Fact]
    public void A_long_change_is_scaled_to_the_bound_and_keeps_its_direction() => Gen.Select(Gen.ULong, Gen.Double[0.1, 0.9]).Sample(
        (seed, part) =>
        {
            using var federation = new TinyFederation(seed, 1);
            var norm = Norm(federation, federation.LocalPath("site0"));
            var target = Path.Combine(Path.GetDirectoryName(federation.ModelPath)!, "bounded");
            if (norm < 1e-3)
            {
                // Smaller than the rounding of weights of size one: refused, see below.
                return;
            }

            var path = NormBound.Apply(federation.Layout, federation.ModelPath, federation.LocalPath("site0"), part * norm, target);
            Assert.Equal(target, path);
            Assert.InRange(Norm(federation, path), 0, part * norm);
            using var bounded = new SafetensorsReader(path);
            var (before, after) = (federation.Global("encoder.weight"), bounded.ReadFloats("encoder.weight"));
            for (var i = 0; i < before.Length; i++)
            {
                var expected = before[i] + (part * ((double)federation.Local("site0", "encoder.weight")[i] - before[i]));
                var slack = (1e-6 * Math.Abs(expected)) + (0.01 * part * norm);
                Assert.InRange(after[i], expected - slack, expected + slack);
            }

            Assert.Equal(federation.Local("site0", "encoder.bn.running_mean"), bounded.ReadFloats("encoder.bn.running_mean"));
            Assert.Equal(federation.Local("site0", "template.t2"), bounded.ReadFloats("template.t2"));
        },
        iter: 40);

    [Fact]
    public void A_short_change_is_left_as_it_is()
    {
        using var federation = new TinyFederation(2, 1);
        Assert.Equal(federation.LocalPath("site0"), NormBound.Apply(federation.Layout, federation.ModelPath, federation.LocalPath("site0"), 1e9, "unused"));
    }

    [Fact]
    public void A_bound_below_the_rounding_of_the_weights_is_kept_too() => Gen.Select(Gen.ULong, Gen.Double[1e-12, 1e-6]).Sample(
        (seed, bound) =>
        {
            using var federation = new TinyFederation(seed, 1);
            var target = Path.Combine(Path.GetDirectoryName(federation.ModelPath)!, "bounded");
            Assert.InRange(Norm(federation, NormBound.Apply(federation.Layout, federation.ModelPath, federation.LocalPath("site0"), bound, target)), 0, bound);
        },
        iter: 30);

    [Fact]
    public void The_aggregator_refuses_a_change_that_is_longer_than_the_plan_allows() => Gen.ULong.Where(s => s > 0).Sample(
        seed =>
        {
            using var federation = new TinyFederation(seed, 1);
            var norm = federation.Reports[0].Norms[TensorGroups.Network];
            var payload = new Payloads(new Dictionary<string, byte[]> { ["site0"] = federation.Encode("site0") });
            var map = PayloadMap.For(federation.Layout, federation.Roster, "site0");
            Assert.Null(UpdateValidator.FindViolation(map, federation.Reports[0], norm, payload, CancellationToken.None));
            if (norm > 1e-3)
            {
                Assert.Contains("norm", UpdateValidator.FindViolation(map, federation.Reports[0], norm * 0.9, payload, CancellationToken.None) ?? "", StringComparison.Ordinal);
            }
        },
        iter: 40);

    private static double Norm(TinyFederation federation, string path) =>
        UpdateSummary.Compute(federation.Layout, [TensorGroups.Network], new UpdateFiles(federation.ModelPath, new Dictionary<string, string>(), path)).Norms[TensorGroups.Network];
}
