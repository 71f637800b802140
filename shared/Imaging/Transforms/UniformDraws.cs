using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>
/// The uniform numbers a random transform asks for. Each transform documents how many it takes and in which order, so
/// that its decisions can be replayed with given numbers.
/// </summary>
public interface IUniformDraws
{
    /// <summary>Uniform in [0, 1).</summary>
    double NextDouble();

    /// <summary>Uniform integer in [0, bound).</summary>
    int NextInt32(int bound);
}

/// <summary>Draws of a named stream.</summary>
public sealed class CounterDraws(CounterRandom random) : IUniformDraws
{
    public double NextDouble() => random.NextDouble();

    public int NextInt32(int bound) => random.NextInt32(bound);
}
