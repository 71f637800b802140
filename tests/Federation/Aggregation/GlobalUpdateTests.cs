using BrainMVP.Federated.Federation.FixedPoint;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Aggregation;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Strategies;
using BrainMVP.Federated.Federation.Summation;
using BrainMVP.Federated.Federation.Updates;
using CsCheck;

namespace BrainMVP.Federated.Federation.Tests.Aggregation;

public sealed class GlobalUpdateTests
{
    [Fact]
    public void The_model_is_bit_identical_for_any_arrival_order_and_shard_count() => Gen.Select(Gen.ULong, Gen.Int[1, 6]).Sample(
        (seed, sites) =>
        {
            using var federation = new TinyFederation(seed, sites);
            var random = new CounterRandom(seed, "arrival");
            var arrived = federation.Site.Where(_ => random.NextInt32(5) > 0).ToArray();
            if (arrived.Length == 0)
            {
                return;
            }

            var expected = federation.Finish(arrived, 1);
            for (var shards = 1; shards <= 16; shards++)
            {
                random.Shuffle<string>(arrived);
                var result = federation.Finish(arrived, shards);
                Assert.Equal(expected.Model, result.Model);
                Assert.Equal(expected.Tensors.Keys, result.Tensors.Keys);
                Assert.All(expected.Tensors, t => Assert.Equal(Bits(t.Value), Bits(result.Tensors[t.Key])));
            }
        },
        iter: 150);

    [Fact]
    public void Sums_are_those_of_plain_additions_for_any_schedule() => Gen.Select(Gen.ULong, Gen.Int[1, 7], Gen.Int[1, 12]).Sample(
        (seed, sites, shards) =>
        {
            var random = new CounterRandom(seed, "schedule");
            var (layout, roster, payloads) = Many(random, sites);
            var maps = payloads.Keys.OrderBy(_ => random.NextInt32(1000)).ToDictionary(s => s, s => PayloadMap.For(layout, roster, s));
            using var source = new Payloads(payloads);
            var parts = new byte[shards][];
            foreach (var shard in Enumerable.Range(0, 2 * shards).Select(i => i % shards).OrderBy(_ => random.NextInt32(1000)))
            {
                // Every shard is computed twice, in any order: the second time as after a crash.
                using var output = new MemoryStream();
                ShardSummation.Sum(ShardPlan.Segments(layout, roster, shard, shards), maps, source, output, CancellationToken.None);
                Assert.True(parts[shard] is null || parts[shard].AsSpan().SequenceEqual(output.ToArray()));
                parts[shard] = output.ToArray();
            }

            Assert.Equal(Plain(layout, maps, payloads), parts.SelectMany(p => p));
        },
        iter: 3000);

    [Fact]
    public void The_mean_is_the_exact_weighted_mean_of_those_who_arrived_within_the_reported_bound() => Gen.Select(Gen.ULong, Gen.Int[1, 6]).Sample(
        (seed, sites) =>
        {
            using var federation = new TinyFederation(seed, sites);
            var random = new CounterRandom(seed, "arrival");
            var arrived = federation.Site.Where(_ => random.NextInt32(4) > 0).ToArray();
            if (arrived.Length == 0)
            {
                return;
            }

            var result = federation.Finish(arrived, 3);
            foreach (var tensor in federation.Layout.Tensors.Where(t => result.Tensors.ContainsKey(t.Name)))
            {
                CheckTensor(federation, result, tensor, arrived);
            }
        },
        iter: 300);

    [Theory]
    [InlineData(12)]
    [InlineData(17)]
    [InlineData(20)]
    [InlineData(31)]
    public void In_a_smaller_ring_the_model_is_as_exact_as_the_commit_says_in_any_order(int bits) => Gen.Select(Gen.ULong, Gen.Int[1, 6], Gen.Int[1, 5]).Sample(
        (seed, sites, shards) =>
        {
            using var federation = new TinyFederation(seed, sites, aggregation: new AggregationPlan { RingBits = bits });
            string[] arrived = [.. federation.Site];
            var result = federation.Finish(arrived, shards);
            Assert.Equal(result.Model, federation.Finish([.. arrived.Reverse()], 1).Model);
            foreach (var tensor in federation.Layout.Tensors.Where(t => result.Tensors.ContainsKey(t.Name)))
            {
                CheckTensor(federation, result, tensor, arrived);
            }

            foreach (var site in arrived)
            {
                var map = PayloadMap.For(federation.Layout, federation.Roster, site);
                Assert.Equal(RingPacking.Bytes(map.Bytes / sizeof(int), bits), federation.Encode(site).Length);
            }
        },
        iter: 60);

    [Fact]
    public void Those_who_dropped_out_after_the_roster_leave_no_trace()
    {
        using var federation = new TinyFederation(11, 4);
        // With one update left, the global model is that site's model, whatever weight the roster gave it.
        var result = federation.Finish(["site2"], 2);
        var bound = result.Update.QuantisationBound(TensorGroups.Network);
        var rate = federation.Plan.Aggregation.ServerLearningRate;
        for (var i = 0; i < 12; i++)
        {
            var before = (double)federation.Global("encoder.weight")[i];
            var expected = before + (rate * (federation.Local("site2", "encoder.weight")[i] - before));
            Assert.InRange(result.Tensors["encoder.weight"][i], expected - bound - 1e-6, expected + bound + 1e-6);
        }
    }

    [Fact]
    public void Withheld_templates_do_not_move_and_are_not_written()
    {
        using var federation = new TinyFederation(3, 5, new Dictionary<string, string> { ["t1"] = "only 1 site owns it", ["t2"] = "too few" });
        var result = federation.Finish([.. federation.Site], 4);
        Assert.DoesNotContain("t1", result.Update.MovingTemplates);
        Assert.DoesNotContain("t2", result.Update.MovingTemplates);
        Assert.Equal(0, result.Update.QuantisationBound("template.t1"));
    }

    [Fact]
    public void A_group_of_which_nothing_arrived_keeps_its_bytes()
    {
        using var federation = new TinyFederation(5, 3);
        var result = federation.Apply([], new Nothing());
        Assert.Equal(File.ReadAllBytes(federation.ModelPath), result.Model);
        Assert.Empty(result.Update.MovingTemplates);
    }

    [Fact]
    public void A_tensor_that_changed_nowhere_keeps_its_bits() => Gen.ULong.Sample(
        seed =>
        {
            using var federation = new TinyFederation(seed, 3);
            var result = federation.Finish([.. federation.Site], 2);
            Assert.Equal(Bits(federation.Global("encoder.frozen")), Bits(result.Tensors["encoder.frozen"]));
        },
        iter: 30);

    [Fact]
    public void A_variance_never_falls_below_zero_but_a_mean_may()
    {
        var layout = new LayoutDocument { Tensors = [new("bn.running_mean", "batchNorm", [2]), new("bn.running_var", "batchNorm", [2])] };
        var roster = new RosterDocument
        {
            OpenContext = "",
            Groups = [new("batchNorm", [new("a", 1)], 1)],
            Scales = [new("bn.running_mean", 0), new("bn.running_var", 0)],
            UploadDeadline = "",
        };
        var path = Path.GetTempFileName();
        SafetensorsWriter.WriteFile(path, [TensorSource.Floats("bn.running_mean", [2], new float[] { 1, 1 }), TensorSource.Floats("bn.running_var", [2], new float[] { 1, 1 })]);
        using var global = new SafetensorsReader(path);
        var update = new GlobalUpdate(layout, roster, new Dictionary<string, GroupSum> { ["batchNorm"] = new(1, 1) }, new AggregationPlan { ServerLearningRate = 0.5, ServerOptimizer = ServerOptimizers.Momentum });
        using var output = new MemoryStream();
        foreach (var tensor in update.Network(global, new Integers(-3, 2, -3, 2)))
        {
            tensor.Write(output);
        }

        // Neither the server's learning rate nor its momentum applies to statistics.
        Assert.Equal(new float[] { -2, 3, 0, 3 }, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(output.ToArray()).ToArray());
        File.Delete(path);
    }

    [Fact]
    public void A_model_of_another_layout_is_refused()
    {
        using var federation = new TinyFederation(5, 3);
        var other = federation.Layout with { Tensors = [.. federation.Layout.Tensors.Select(t => t with { Shape = [.. t.Shape, 1] })] };
        var update = new GlobalUpdate(other, federation.Roster, new Dictionary<string, GroupSum>(), new AggregationPlan());
        using var global = new SafetensorsReader(federation.ModelPath);
        var error = Assert.Throws<Contracts.Errors.FederationException>(() => update.Network(global, new Nothing()).First().Write(Stream.Null));
        Assert.Equal("BMF-1406", error.Code.Id);
    }

    private static void CheckTensor(TinyFederation federation, RoundResult result, LayoutTensor tensor, string[] arrived)
    {
        var group = federation.Roster.Groups.Single(g => g.Group == tensor.Group);
        var present = group.Participants.Where(p => arrived.Contains(p.Site)).ToArray();
        var before = federation.Global(tensor.Name);
        var after = result.Tensors[tensor.Name];
        if (present.Length == 0)
        {
            Assert.Equal(Bits(before), Bits(after));
            return;
        }

        var bound = result.Update.QuantisationBound(tensor.Group);
        var rate = tensor.Group == TensorGroups.BatchNorm ? 1 : federation.Plan.Aggregation.ServerLearningRate;
        var weight = present.Sum(p => p.Weight);
        for (var i = 0; i < after.Length; i++)
        {
            var mean = present.Sum(p => (double)p.Weight / weight * ((double)federation.Local(p.Site, tensor.Name)[i] - before[i]));
            var expected = before[i] + (rate * mean);
            if (tensor.Name.EndsWith("running_var", StringComparison.Ordinal))
            {
                Assert.True(after[i] >= 0);
                expected = Math.Max(0, expected);
            }

            // Half a unit in the last place of the float result, and the rounding of this comparison itself.
            var slack = (Math.Abs(expected) * Math.ScaleB(1, -24)) + (Math.Abs(mean) * 1e-14) + float.Epsilon;
            Assert.InRange(after[i], expected - (rate * bound) - slack, expected + (rate * bound) + slack);
        }
    }

    /// <summary>Two groups of which each site is in one or both, with random integers.</summary>
    private static (LayoutDocument Layout, RosterDocument Roster, Dictionary<string, byte[]> Payloads) Many(CounterRandom random, int sites)
    {
        LayoutTensor[] tensors = [new("a", "network", [1 + random.NextInt32(40)]), new("b", "network", [3]), new("template.t1", "template.t1", [1 + random.NextInt32(20)])];
        var names = Enumerable.Range(0, sites).Select(i => $"site{i}").ToArray();
        var owners = names.Where(_ => random.NextInt32(2) == 0).DefaultIfEmpty(names[0]).ToArray();
        var layout = new LayoutDocument { Tensors = tensors };
        var roster = new RosterDocument
        {
            OpenContext = "",
            Groups = [new("network", [.. names.Select(n => new RosterWeight(n, 1))], sites), new("template.t1", [.. owners.Select(n => new RosterWeight(n, 1))], owners.Length)],
            Scales = [.. tensors.Select(t => new TensorScale(t.Name, 0))],
            UploadDeadline = "",
        };
        return (layout, roster, names.ToDictionary(n => n, n =>
        {
            var bytes = new byte[PayloadMap.For(layout, roster, n).Bytes];
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] = (byte)random.NextInt32(256);
            }

            return bytes;
        }));
    }

    private static byte[] Plain(LayoutDocument layout, Dictionary<string, PayloadMap> maps, Dictionary<string, byte[]> payloads)
    {
        var sum = new List<byte>();
        foreach (var tensor in layout.Tensors)
        {
            for (var i = 0; i < tensor.CountOf(); i++)
            {
                var total = 0;
                foreach (var (site, map) in maps)
                {
                    total = unchecked(total + (map.Find(tensor.Name) is { } own ? BitConverter.ToInt32(payloads[site], (int)own.Offset + (i * sizeof(int))) : 0));
                }

                sum.AddRange(BitConverter.GetBytes(total));
            }
        }

        return [.. sum];
    }

    private static uint[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToUInt32Bits)];

    private sealed class Nothing : ISumSource
    {
        public void Read(long offset, Span<byte> destination) => throw new InvalidOperationException("Nothing was summed.");
    }

    private sealed class Integers(params int[] values) : ISumSource
    {
        public void Read(long offset, Span<byte> destination) =>
            System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).Slice((int)offset, destination.Length).CopyTo(destination);
    }
}
