using BrainMVP.Federated.Aggregator.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace BrainMVP.Federated.Aggregator.Tests.Hosting;

/// <summary>What every state store must do, whichever database is below it.</summary>
internal static class StorageContract
{
    /// <summary>The storage configuration of the aggregator.</summary>
    public static void Configure(ISiloBuilder silo, string invariant, string connection)
    {
        silo.AddAdoNetGrainStorageAsDefault(storage => storage.Configure<IServiceProvider>((options, services) =>
        {
            options.Invariant = invariant;
            options.ConnectionString = connection;
            options.GrainStorageSerializer = ActivatorUtilities.CreateInstance<SystemTextJsonGrainStorageSerializer>(services);
        }));
        silo.UseAdoNetReminderService(reminders =>
        {
            reminders.Invariant = invariant;
            reminders.ConnectionString = connection;
        });
    }

    public static async Task SecondWriterIsRefused(IServiceProvider silo)
    {
        var storage = silo.GetRequiredService<IGrainStorage>();
        var grain = GrainId.Create("counter", $"contract-{Guid.NewGuid():N}");
        var first = await Read(storage, grain);
        var second = await Read(storage, grain);

        first.State!.Value = new CounterState(1);
        await storage.WriteStateAsync("counter", grain, first);
        second.State!.Value = new CounterState(2);
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("counter", grain, second));

        var third = await Read(storage, grain);
        Assert.Equal(1, third.State?.Value?.Value);
        third.State!.Value = new CounterState(3);
        await storage.WriteStateAsync("counter", grain, third);
        first.State!.Value = new CounterState(4);
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("counter", grain, first));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.ClearStateAsync("counter", grain, first));

        third = await Read(storage, grain);
        Assert.Equal(3, third.State?.Value?.Value);
        await storage.ClearStateAsync("counter", grain, third);
        Assert.Null((await Read(storage, grain)).State?.Value);
    }

    private static async Task<GrainState<Stored<CounterState>>> Read(IGrainStorage storage, GrainId grain)
    {
        var state = new GrainState<Stored<CounterState>>(new Stored<CounterState>());
        await storage.ReadStateAsync("counter", grain, state);
        return state;
    }
}
