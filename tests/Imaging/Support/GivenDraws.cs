using BrainMVP.Federated.Imaging.Transforms;

namespace BrainMVP.Federated.Imaging.Tests.Support;

/// <summary>Hands out given numbers in order and remembers the bounds that were asked for.</summary>
internal sealed class GivenDraws(params double[] numbers) : IUniformDraws
{
    private int _next;

    public List<int> Bounds { get; } = [];

    public bool AllTaken => _next == numbers.Length;

    public double NextDouble() => numbers[_next++];

    public int NextInt32(int bound)
    {
        Bounds.Add(bound);
        var number = (int)numbers[_next++];
        Assert.InRange(number, 0, bound - 1);
        return number;
    }
}
