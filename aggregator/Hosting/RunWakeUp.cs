using BrainMVP.Federated.Aggregator.Consortium;
using BrainMVP.Federated.Aggregator.Runs;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>After a start every run is activated, so that its deadlines act at once and not at the next reminder.</summary>
public sealed class RunWakeUp(IGrainFactory grains) : IStartupTask
{
    public async Task Execute(CancellationToken cancellationToken)
    {
        foreach (var run in await grains.GetGrain<IConsortiumGrain>(IConsortiumGrain.Key).Runs())
        {
            await grains.GetGrain<IRunGrain>(run).Touch();
        }
    }
}
