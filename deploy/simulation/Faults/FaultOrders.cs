using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Faults;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Simulation.Federation;

namespace BrainMVP.Federated.Simulation.Faults;

/// <summary>Reads the faults of the command line and refuses those that this simulation can never reach.</summary>
public static class FaultOrders
{
    /// <exception cref="FederationException">BMF-1006.</exception>
    public static IReadOnlyList<FaultOrder> Read(IReadOnlyList<string> texts, IReadOnlyList<SiteSpecification> sites, Plan plan)
    {
        var orders = texts.Select(FaultOrder.Parse).ToArray();
        foreach (var order in orders)
        {
            var wrong = order.Round > plan.Rounds.Count ? $"the run has {plan.Rounds.Count} rounds"
                : order.Target is FaultTarget.Agent or FaultTarget.Trainer or FaultTarget.Network && order.Number > sites.Count ? $"there are {sites.Count} sites"
                : order.Target is FaultTarget.Silo or FaultTarget.Postgres ? "the aggregator is one process with an embedded database here"
                : null;
            if (wrong is not null)
            {
                throw ErrorCatalogue.ArgumentInvalid.With($"--fault {order}: {wrong}.");
            }

            _ = FakeClock.Environment(order.Clock);
        }

        return orders;
    }
}
