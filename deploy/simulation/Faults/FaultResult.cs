namespace BrainMVP.Federated.Simulation.Faults;

/// <summary>What became of an ordered fault.</summary>
/// <param name="Order">As written.</param>
/// <param name="Reached">Whether the point was reached.</param>
/// <param name="AnsweredSeconds">From the restart until the process answered; null where nothing is asked.</param>
/// <param name="FirstSiteSeconds">From the restart of the aggregator until the first site was served; null when it was not seen.</param>
public sealed record FaultResult(string Order, bool Reached, double? AnsweredSeconds = null, double? FirstSiteSeconds = null);
