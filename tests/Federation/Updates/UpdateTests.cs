using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.FixedPoint;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Updates;
using CsCheck;

namespace BrainMVP.Federated.Federation.Tests.Updates;

public sealed class UpdateTests
{
    [Fact]
    public void A_payload_holds_exactly_what_the_roster_asks_of_this_site() => Gen.ULong.Sample(
        seed =>
        {
            using var federation = new TinyFederation(seed, 4, new Dictionary<string, string> { ["dwi"] = "withheld" });
            foreach (var site in federation.Site)
            {
                var map = PayloadMap.For(federation.Layout, federation.Roster, site);
                long offset = 0;
                foreach (var tensor in map.Tensors)
                {
                    var group = federation.Roster.Groups.Single(g => g.Group == tensor.Tensor.Group);
                    Assert.Contains(group.Participants, p => p.Site == site && p.Weight == tensor.Weight);
                    Assert.Equal(offset, tensor.Offset);
                    Assert.NotNull(federation.Roster.Scales.Single(s => s.Name == tensor.Tensor.Name).Scale);
                    offset += tensor.Count * 4;
                }

                Assert.Equal(offset, map.Bytes);
                Assert.Null(map.Find("encoder.frozen"));
                Assert.Null(map.Find("template.dwi"));
                Assert.Equal(map.Tensors.Select(t => t.Tensor.Name).Order(StringComparer.Ordinal), map.Tensors.Select(t => t.Tensor.Name));
                foreach (var foreign in new[] { "t1", "t2" }.Where(m => !federation.Open.Owners[m].Contains(site)))
                {
                    Assert.Null(map.Find(TensorGroups.Template(foreign)));
                }

                var asked = federation.Layout.Tensors.Count(t => federation.Roster.Groups.Single(g => g.Group == t.Group).Participants.Any(p => p.Site == site)
                    && federation.Roster.Scales.Single(s => s.Name == t.Name).Scale is not null);
                Assert.Equal(asked, map.Tensors.Count);
                Assert.Equal(map.Bytes, federation.Encode(site).Length);
            }
        },
        iter: 60);

    [Fact]
    public void A_stranger_is_asked_for_nothing()
    {
        using var federation = new TinyFederation(1, 2);
        Assert.Empty(PayloadMap.For(federation.Layout, federation.Roster, "stranger").Tensors);
    }

    [Fact]
    public void A_roster_of_another_layout_is_refused()
    {
        using var federation = new TinyFederation(1, 2);
        var fewer = federation.Roster with { Scales = [.. federation.Roster.Scales.Skip(1)] };
        var swapped = federation.Roster with { Scales = [.. federation.Roster.Scales.Reverse()] };
        Assert.All(new[] { fewer, swapped }, roster =>
            Assert.Equal("BMF-1011", Assert.Throws<FederationException>(() => PayloadMap.For(federation.Layout, roster, "site0")).Code.Id));
    }

    [Fact]
    public void Honest_updates_are_valid() => Gen.Select(Gen.ULong, Gen.Int[1, 5]).Sample(
        (seed, sites) =>
        {
            using var federation = new TinyFederation(seed, sites);
            Assert.All(federation.Reports, r => Assert.Null(Violation(federation, r, federation.Encode(r.Site))));
        },
        iter: 100);

    [Fact]
    public void Any_integer_above_its_reported_exponent_is_found() => Gen.Select(Gen.ULong, Gen.Int[0, 1_000_000], Gen.Bool, Gen.Int[1, 1000]).Sample(
        (seed, place, negative, excess) =>
        {
            using var federation = new TinyFederation(seed, 3);
            var report = federation.Reports[0];
            var map = PayloadMap.For(federation.Layout, federation.Roster, report.Site);
            if (map.Tensors.Count == 0)
            {
                return;
            }

            var tensor = map.Tensors[place % map.Tensors.Count];
            var element = place % (int)tensor.Count;
            var bound = new Quantiser(tensor.Weight, tensor.TotalWeight, tensor.Scale).Bound(report.Exponents.Single(e => e.Name == tensor.Tensor.Name).Exponent);
            var payload = federation.Encode(report.Site);
            var value = (long)bound + excess > int.MaxValue ? int.MinValue : negative ? -bound - excess : bound + excess;
            MemoryMarshal.Cast<byte, int>(payload.AsSpan())[(int)(tensor.Offset / 4) + element] = value;
            var violation = Violation(federation, report, payload);
            Assert.Contains(tensor.Tensor.Name, violation, StringComparison.Ordinal);
            Assert.Contains($"element {element};", violation, StringComparison.Ordinal);
        },
        iter: 200);

    [Fact]
    public void A_summary_gives_exponents_and_norms_of_the_change() => Gen.ULong.Sample(
        seed =>
        {
            using var federation = new TinyFederation(seed, 1);
            var summary = UpdateSummary.Compute(federation.Layout, ["network", "template.t1"], new UpdateFiles(federation.ModelPath, federation.Templates, federation.LocalPath("site0")));
            Assert.Equal(["encoder.frozen", "encoder.weight", "head.bias", "template.t1"], summary.Exponents.Select(e => e.Name));
            foreach (var (name, exponent) in summary.Exponents)
            {
                var largest = Changes(federation, name).Max(Math.Abs);
                Assert.Equal(PowerOfTwo.CeilingExponent(largest), exponent);
            }

            var expected = Math.Sqrt(new[] { "encoder.frozen", "encoder.weight", "head.bias" }.SelectMany(n => Changes(federation, n)).Sum(c => c * c));
            Assert.Equal(expected, summary.Norms["network"], expected * 1e-12);
            Assert.Null(summary.Exponents[0].Exponent);
        },
        iter: 40);

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_change_that_is_not_finite_stops_at_the_site(float value)
    {
        using var federation = new TinyFederation(2, 1);
        var path = federation.LocalPath("bad");
        SafetensorsWriter.WriteFile(path, federation.Layout.Tensors.Select(t =>
        {
            var values = (float[])federation.Local("site0", t.Name).Clone();
            values[^1] = t.Name == "encoder.weight" ? value : values[^1];
            return TensorSource.Floats(t.Name, t.Shape, values);
        }));
        var error = Assert.Throws<FederationException>(() => UpdateSummary.Compute(federation.Layout, ["network"], new UpdateFiles(federation.ModelPath, federation.Templates, path)));
        Assert.Equal("BMF-1502", error.Code.Id);
        Assert.Contains("encoder.weight", error.Message, StringComparison.Ordinal);
        Assert.Contains("element 11", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trained_file_that_lacks_a_tensor_is_refused()
    {
        using var federation = new TinyFederation(2, 1);
        var error = Assert.Throws<FederationException>(() => UpdateSummary.Compute(federation.Layout, ["template.t1"], new UpdateFiles(federation.ModelPath, federation.Templates, federation.ModelPath)));
        Assert.Equal("BMF-1406", error.Code.Id);
    }

    [Theory]
    [InlineData(32)]
    [InlineData(24)]
    [InlineData(17)]
    [InlineData(7)]
    public void Any_stretch_of_a_payload_is_encoded_as_in_the_whole(int bits)
    {
        using var federation = new TinyFederation(2, 1);

        // One bit is lost for every bit that the ring is smaller, so that the values fit.
        var roster = federation.Roster with { Scales = [.. federation.Roster.Scales.Select(s => s with { Scale = s.Scale - (32 - bits) })] };
        using var encoder = new UpdateEncoder(federation.Layout, roster, "site0", federation.Files("site0"), bits);
        var whole = Payloads.Whole(encoder);
        var map = PayloadMap.For(federation.Layout, roster, "site0");
        Assert.Equal(map.WireBytes(bits), whole.Length);
        var random = new CounterRandom(5, "stretches");
        for (var i = 0; i < 300; i++)
        {
            var from = (int)(random.NextDouble() * whole.Length);
            var part = new byte[(int)(random.NextDouble() * (whole.Length - from + 1))];
            encoder.Read(from, part);
            Assert.Equal(whole.AsSpan(from, part.Length).ToArray(), part);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => encoder.Read(whole.Length - 1, new byte[2]));
    }

    [Fact]
    public void Tensors_longer_than_a_block_are_encoded_and_checked_to_their_end()
    {
        const int Count = (1 << 16) + 5;
        var folder = Directory.CreateTempSubdirectory("blocks-").FullName;
        try
        {
            var layout = new LayoutDocument { Tensors = [new("w", "network", [Count])] };
            SafetensorsWriter.WriteFile(Path.Combine(folder, "g"), [TensorSource.Floats("w", [Count], new float[Count])]);
            SafetensorsWriter.WriteFile(Path.Combine(folder, "l"), [TensorSource.Floats("w", [Count], Enumerable.Range(0, Count).Select(i => (float)i).ToArray())]);
            var roster = new RosterDocument { OpenContext = "", Groups = [new("network", [new("a", 1)], 1)], Scales = [new("w", 2)], UploadDeadline = "" };
            using var encoder = new UpdateEncoder(layout, roster, "a", new UpdateFiles(Path.Combine(folder, "g"), new Dictionary<string, string>(), Path.Combine(folder, "l")));
            Assert.Equal(Enumerable.Range(0, Count).Select(i => 4 * i), MemoryMarshal.Cast<byte, int>(Payloads.Whole(encoder)).ToArray());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<double> Changes(TinyFederation federation, string tensor) =>
        federation.Local("site0", tensor).Zip(federation.Global(tensor), (l, g) => (double)l - g);

    private static string? Violation(TinyFederation federation, UpdateReport report, byte[] payload) => UpdateValidator.FindViolation(
        PayloadMap.For(federation.Layout, federation.Roster, report.Site), report, 0, new Payloads(new Dictionary<string, byte[]> { [report.Site] = payload }), CancellationToken.None);
}
