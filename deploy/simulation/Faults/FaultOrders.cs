using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Faults;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Simulation.Federation;

namespace BrainMVP.Federated.Simulation.Faults;

/// <summary>Reads the faults of the command line and refuses those that this simulation can never reach.</summary>
public static class FaultOrders
{
    /// <param name="silos">Silos over PostgreSQL; 0 for one process with its embedded database.</param>
    /// <exception cref="FederationException">BMF-1006.</exception>
    public static IReadOnlyList<FaultOrder> Read(IReadOnlyList<string> texts, IReadOnlyList<SiteSpecification> sites, Plan plan, int silos)
    {
        var orders = texts.Select(FaultOrder.Parse).ToArray();
        foreach (var order in orders)
        {
            var wrong = order.Round > plan.Rounds.Count ? $"the run has {plan.Rounds.Count} rounds"
                : order.Target is FaultTarget.Agent or FaultTarget.Trainer or FaultTarget.Network && order.Number > sites.Count ? $"there are {sites.Count} sites"
                : order.Target is FaultTarget.Silo or FaultTarget.Postgres && silos == 0 ? "the aggregator is one process with an embedded database here; add --silos and --postgres"
                : order.Target == FaultTarget.Silo && order.Number > silos ? $"there are {silos} silos"
                : order.Target == FaultTarget.Aggregator && silos > 0 ? "the aggregator runs as silos here: silo:1, silo:2, ..."
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
