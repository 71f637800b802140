namespace BrainMVP.Federated.Contracts.Documents;

/// <summary>
/// How well a supervised model does at one site on its held-out cases, for one region or class. Of a region: Dice. Of a
/// class: 1 for each of its cases that was given this class, so that the mean is its recall.
/// </summary>
/// <param name="Sum">Sum over the cases, 0..<paramref name="Cases"/>.</param>
/// <param name="Cases">Cases summed over, 1 or more.</param>
public sealed record ScoreSum(double Sum, long Cases)
{
    /// <summary>0..1.</summary>
    public double Mean() => Sum / Cases;
}
