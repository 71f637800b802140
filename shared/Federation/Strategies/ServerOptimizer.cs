using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Federation.Strategies;

/// <summary>
/// The server's optimiser as arithmetic on one element (Reddi et al. 2021, algorithms 1 and 2). Only + − × ÷ √ in IEEE
/// double, in the order written, so that every machine gets the same bits.
/// </summary>
public sealed class ServerOptimizer(AggregationPlan plan)
{
    private readonly double _rate = plan.ServerLearningRate;
    private readonly double _first = plan.ServerMomentum;
    private readonly double _second = plan.ServerSecondMoment;
    private readonly double _tau = plan.ServerAdaptivity;

    /// <summary>Whether anything is kept from round to round.</summary>
    public bool HasMoments => plan.ServerOptimizer != ServerOptimizers.Average;

    /// <summary>Whether a second moment is kept.</summary>
    public bool IsAdaptive => plan.ServerOptimizer is ServerOptimizers.Adam or ServerOptimizers.Yogi;

    /// <summary>The second moment before the first round: τ², so that the first steps are bounded.</summary>
    public double FirstSecondMoment => _tau * _tau;

    /// <summary>The first moment after a round.</summary>
    /// <param name="change">Averaged change Δ.</param>
    /// <param name="moment">Moment before.</param>
    public double First(double change, double moment) => IsAdaptive
        ? (_first * moment) + ((1 - _first) * change)
        : (_first * moment) + change;

    /// <summary>The second moment after a round.</summary>
    /// <param name="change">Averaged change Δ.</param>
    /// <param name="moment">Moment before, 0 or more.</param>
    public double Second(double change, double moment)
    {
        var square = change * change;
        return plan.ServerOptimizer == ServerOptimizers.Adam
            ? (_second * moment) + ((1 - _second) * square)
            : moment - ((1 - _second) * square * Math.Sign(moment - square));
    }

    /// <summary>What is added to the global value.</summary>
    /// <param name="change">Averaged change Δ.</param>
    /// <param name="first">First moment after this round; 0 without moments.</param>
    /// <param name="second">Second moment after this round; 0 when none is kept.</param>
    public double Step(double change, double first, double second) => plan.ServerOptimizer switch
    {
        ServerOptimizers.Average => _rate * change,
        ServerOptimizers.Momentum => _rate * first,
        ServerOptimizers.Nesterov => _rate * (change + (_first * first)),
        _ => _rate * first / (Math.Sqrt(second) + _tau),
    };
}
