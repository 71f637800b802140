using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Training.Data;
using CsCheck;

namespace BrainMVP.Federated.Training.Tests.Data;

public sealed class CropSamplerTests
{
    private static readonly ImagingPlan Uniform = new() { Crop = [16, 16, 16] };
    private static readonly ImagingPlan Foreground = Uniform with { CropPosition = "foreground" };

    [Fact]
    public void Uniform_positions_are_those_of_the_draw_without_a_volume() => Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[0, 9999]).Sample((a, b, c, seed) =>
        Assert.Equal(
            CropSampler.Draw([a, b, c], [16, 16, 16], new((ulong)seed, "crop")),
            CropSampler.Draw(Uniform, [a, b, c], new MemoryVolume([a, b, c], new float[a * b * c]), new((ulong)seed, "crop"))));

    [Fact]
    public void Half_of_the_crops_are_centred_on_the_head_and_half_on_the_background()
    {
        // A head of 10³ voxels in 64³, far enough from the border that no crop around it is moved.
        int[] shape = [64, 64, 64];
        var volume = new float[64 * 64 * 64];
        for (var i = 0; i < volume.Length; i++)
        {
            int[] at = [i / 4096, i / 64 % 64, i % 64];
            volume[i] = at.All(v => v is >= 30 and < 40) ? 0.5f : 0;
        }

        const int Draws = 600;
        var inside = 0;
        for (var i = 0; i < Draws; i++)
        {
            var centre = CropSampler.Draw(Foreground, shape, new MemoryVolume(shape, volume), new CounterRandom(5, "crop", i)).Select(s => s + 8).ToArray();
            inside += centre.All(v => v is >= 30 and < 40) ? 1 : 0;
        }

        Assert.InRange(inside, (Draws / 2) - 60, (Draws / 2) + 60);
    }

    [Fact]
    public void Centred_crops_are_valid_and_depend_on_the_stream_alone() => Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[0, 9999], Gen.Int[0, 2]).Sample((a, b, c, seed, kind) =>
    {
        // Also volumes without any foreground or without any background.
        int[] shape = [a, b, c];
        var random = new CounterRandom((ulong)seed, "volume");
        var volume = Enumerable.Range(0, a * b * c).Select(_ => kind == 2 ? (float)random.NextInt32(2) : kind).ToArray();
        var target = new MemoryVolume(shape, volume);
        var start = CropSampler.Draw(Foreground, shape, target, new((ulong)seed, "crop"));
        Assert.Equal(start, CropSampler.Draw(Foreground, shape, target, new((ulong)seed, "crop")));
        for (var axis = 0; axis < 3; axis++)
        {
            Assert.InRange(start[axis], shape[axis] >= 16 ? 0 : -((16 - shape[axis]) / 2), shape[axis] >= 16 ? shape[axis] - 16 : -((16 - shape[axis]) / 2));
        }
    });
}
