namespace BrainMVP.Federated.Aggregator.Collection;

/// <summary>Which models of committed rounds stay. Documents, and what a run starts from and ends with, always stay.</summary>
/// <param name="KeepRounds">Newest committed rounds of each run whose models stay; 0 keeps all.</param>
/// <param name="KeepEvery">Rounds whose number is a multiple of this stay as well; 0 adds none.</param>
public sealed record RetentionPolicy(int KeepRounds, int KeepEvery)
{
    public static RetentionPolicy KeepAll { get; } = new(0, 0);

    public bool KeepsAll => KeepRounds == 0;
}
