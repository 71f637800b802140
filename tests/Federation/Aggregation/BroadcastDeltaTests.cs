using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Aggregation;
using CsCheck;

namespace BrainMVP.Federated.Federation.Tests.Aggregation;

public sealed class BroadcastDeltaTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("broadcast-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(BroadcastFormats.Fp16)]
    [InlineData(BroadcastFormats.Int8)]
    public void The_next_file_is_near_what_was_aimed_at_and_the_same_whoever_makes_it(string format) => Gen.Select(Gen.ULong, Gen.Int[1, 3000], Gen.Double[1e-6, 1], Gen.Bool).Sample(
        (seed, count, step, fromZero) =>
        {
            var random = new CounterRandom(seed, "broadcast");
            var before = Draw(random, count, 1);
            var wanted = Draw(random, count, step).Zip(before, (d, b) => d + (fromZero ? 0 : b)).ToArray();
            Write("before", before);
            Write("wanted", wanted);
            using var old = fromZero ? null : new SafetensorsReader(PathOf("before"));
            using var aim = new SafetensorsReader(PathOf("wanted"));
            SafetensorsWriter.WriteFile(PathOf("delta"), BroadcastDelta.Encode(old, aim, format));
            using var delta = new SafetensorsReader(PathOf("delta"));
            SafetensorsWriter.WriteFile(PathOf("next"), BroadcastDelta.Apply(old, delta));
            SafetensorsWriter.WriteFile(PathOf("again"), BroadcastDelta.Apply(old, delta));
            Assert.Equal(File.ReadAllBytes(PathOf("next")), File.ReadAllBytes(PathOf("again")));
            using var made = new SafetensorsReader(PathOf("next"));
            var next = made.ReadFloats("w");
            var largest = 0.0;
            for (var i = 0; i < count; i++)
            {
                var change = (double)wanted[i] - (fromZero ? 0 : before[i]);

                // Half a step of the format, and the rounding of the sum to float.
                var block = Enumerable.Range(i / 1024 * 1024, Math.Min(1024, count - (i / 1024 * 1024))).Max(k => Math.Abs((double)wanted[k] - (fromZero ? 0 : before[k])));
                var allowed = (format == BroadcastFormats.Fp16 ? Math.Max(Math.Abs(change) / 2048, 3e-8) : (block / 127 * 0.5000001) + 1e-45) + (Math.Abs(next[i]) * 6e-8);
                Assert.InRange(next[i], wanted[i] - allowed, wanted[i] + allowed);
                largest = Math.Max(largest, Math.Abs((double)next[i] - wanted[i]));
            }

            var entry = BroadcastDelta.Measure("hash", old, aim, made);
            Assert.Equal(largest, entry.LargestError);
            Assert.InRange(entry.RelativeError, 0, 0.05);
        },
        iter: 100,
        threads: 1);

    [Theory]
    [InlineData(BroadcastFormats.Fp16, 0.51)]
    [InlineData(BroadcastFormats.Int8, 0.26)]
    public void A_change_is_a_half_or_a_quarter_of_the_file(string format, double share)
    {
        Write("before", new float[100_000]);
        Write("wanted", Draw(new CounterRandom(1, "size"), 100_000, 1));
        using var old = new SafetensorsReader(PathOf("before"));
        using var aim = new SafetensorsReader(PathOf("wanted"));
        SafetensorsWriter.WriteFile(PathOf("delta"), BroadcastDelta.Encode(old, aim, format));
        Assert.InRange(new FileInfo(PathOf("delta")).Length / (double)new FileInfo(PathOf("wanted")).Length, share - 0.02, share);
    }

    [Theory]
    [InlineData(BroadcastFormats.Fp16)]
    [InlineData(BroadcastFormats.Int8)]
    public void What_does_not_change_keeps_its_bits_and_variances_stay_above_zero(string format)
    {
        float[] same = [1.1f, -2.7e-9f, 3e20f, 0, -5];
        SafetensorsWriter.WriteFile(PathOf("before"), [TensorSource.Floats("same", [5], same), TensorSource.Floats("bn.running_var", [2], new float[] { 0.5f, 0.001f })]);
        SafetensorsWriter.WriteFile(PathOf("wanted"), [TensorSource.Floats("same", [5], same), TensorSource.Floats("bn.running_var", [2], new float[] { 100f, 0f })]);
        using var old = new SafetensorsReader(PathOf("before"));
        using var aim = new SafetensorsReader(PathOf("wanted"));
        SafetensorsWriter.WriteFile(PathOf("delta"), BroadcastDelta.Encode(old, aim, format));
        using var delta = new SafetensorsReader(PathOf("delta"));
        SafetensorsWriter.WriteFile(PathOf("next"), BroadcastDelta.Apply(old, delta));
        using var made = new SafetensorsReader(PathOf("next"));
        Assert.Equal(same, made.ReadFloats("same"));
        Assert.All(made.ReadFloats("bn.running_var"), v => Assert.True(v >= 0));
    }

    [Fact]
    public void A_change_of_another_file_is_refused()
    {
        Write("before", new float[10]);
        Write("wanted", new float[10]);
        SafetensorsWriter.WriteFile(PathOf("other"), [TensorSource.Floats("x", [10], new float[10])]);
        using var old = new SafetensorsReader(PathOf("before"));
        using var aim = new SafetensorsReader(PathOf("wanted"));
        SafetensorsWriter.WriteFile(PathOf("delta"), BroadcastDelta.Encode(old, aim, BroadcastFormats.Int8));
        using var delta = new SafetensorsReader(PathOf("delta"));
        using var other = new SafetensorsReader(PathOf("other"));
        Assert.Equal(ErrorCatalogue.LayoutMismatch, Assert.Throws<FederationException>(() => BroadcastDelta.Apply(other, delta).ToArray()).Code);
    }

    private static float[] Draw(CounterRandom random, int count, double range) => [.. Enumerable.Range(0, count).Select(_ => (float)(((random.NextInt32(2_000_001) - 1_000_000) / 1e6) * range))];

    private string PathOf(string name) => Path.Combine(_folder, name);

    private void Write(string name, float[] values) => SafetensorsWriter.WriteFile(PathOf(name), [TensorSource.Floats("w", [values.Length], values)]);
}
