using BrainMVP.Federated.Imaging.External;
using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.External;

public sealed class MorphologyTests
{
    private static readonly VolumeShape Shape = new(9, 7, 8);

    private static readonly Gen<bool[]> Sets = Gen.Int[0, 9].Array[(int)Shape.Count].Select(a => a.Select(v => v == 0).ToArray());

    [Fact]
    public void Dilation_is_the_union_of_balls() => Gen.Select(Sets, Gen.Double[0.5, 4]).Sample((set, radius) =>
    {
        var expected = new bool[set.Length];
        ForEach((n, i, j, k) => expected[n] = Any(set, i, j, k, radius));
        return Morphology.Dilate(set, Shape, radius).SequenceEqual(expected);
    }, iter: 60);

    [Fact]
    public void Erosion_is_the_dilation_of_what_is_outside() => Gen.Select(Sets, Gen.Double[0.5, 4]).Sample((set, radius) =>
        Morphology.Erode(set, Shape, radius).SequenceEqual(Morphology.Dilate(Not(set), Shape, radius).Select(v => !v)), iter: 60);

    [Fact]
    public void Closing_only_adds_and_opening_only_removes() => Gen.Select(Sets, Gen.Double[0.5, 3]).Sample((set, radius) =>
        Morphology.Close(set, Shape, radius).Zip(set).All(p => p.First || !p.Second) && Morphology.Open(set, Shape, radius).Zip(set).All(p => p.Second || !p.First), iter: 60);

    [Fact]
    public void Holes_are_what_the_border_does_not_reach()
    {
        var shell = new bool[Shape.Count];
        ForEach((n, i, j, k) => shell[n] = Math.Max(Math.Abs(i - 4), Math.Max(Math.Abs(j - 3), Math.Abs(k - 3))) == 2);
        var filled = Morphology.FillHoles(shell, Shape);
        ForEach((n, i, j, k) => Assert.Equal(Math.Max(Math.Abs(i - 4), Math.Max(Math.Abs(j - 3), Math.Abs(k - 3))) <= 2, filled[n]));
        shell[Index(4, 3, 1)] = false;
        Assert.Equal(shell, Morphology.FillHoles(shell, Shape));
    }

    [Fact]
    public void The_component_is_the_one_with_most_seeds_not_the_largest()
    {
        var (set, seeds) = (new bool[Shape.Count], new bool[Shape.Count]);
        ForEach((n, i, j, k) => set[n] = i != 4 && (i < 4 || j == 0));
        seeds[Index(6, 0, 3)] = true;
        var component = Morphology.Component(set, seeds, Shape);
        ForEach((n, i, j, k) => Assert.Equal(i > 4 && j == 0, component[n]));
        Assert.DoesNotContain(true, Morphology.Component(set, new bool[Shape.Count], Shape));
    }

    private static bool[] Not(bool[] set) => Array.ConvertAll(set, s => !s);

    private static int Index(int i, int j, int k) => (((i * Shape.J) + j) * Shape.K) + k;

    private static bool Any(bool[] set, int i, int j, int k, double radius)
    {
        var found = false;
        ForEach((n, a, b, c) => found |= set[n] && ((a - i) * (a - i)) + ((b - j) * (b - j)) + ((c - k) * (c - k)) <= radius * radius);
        return found;
    }

    private static void ForEach(Action<int, int, int, int> visit)
    {
        for (var n = 0; n < Shape.Count; n++)
        {
            visit(n, n / (Shape.J * Shape.K), n / Shape.K % Shape.J, n % Shape.K);
        }
    }
}
