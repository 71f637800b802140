using BrainMVP.Federated.Aggregator.Hosting;

namespace BrainMVP.Federated.Aggregator.Tests.Hosting;

/// <summary>What the storage tests need of a grain: state that is written through <see cref="GrainStore"/>, and a reminder.</summary>
[Alias("BrainMVP.Federated.Tests.ICounterGrain")]
public interface ICounterGrain : IGrainWithStringKey
{
    [Alias("Add")]
    Task Add(int amount);

    [Alias("Get")]
    Task<int> Get();

    [Alias("Clear")]
    Task Clear();

    [Alias("Remind")]
    Task Remind(string name);

    [Alias("Reminders")]
    Task<List<string>> Reminders();

    [Alias("Forget")]
    Task Forget(string name);
}

/// <summary>The state; immutable like that of the real grains.</summary>
[GenerateSerializer, Immutable]
public sealed record CounterState([property: Id(0)] int Value);

/// <inheritdoc cref="ICounterGrain"/>
public sealed class CounterGrain([PersistentState("counter")] IPersistentState<Stored<CounterState>> store) : Grain, ICounterGrain, IRemindable
{
    public Task Add(int amount) => store.Save(new CounterState((store.State.Value?.Value ?? 0) + amount));

    public Task<int> Get() => Task.FromResult(store.State.Value?.Value ?? 0);

    public Task Clear() => store.ClearStateAsync();

    public Task Remind(string name) => this.RegisterOrUpdateReminder(name, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));

    public async Task<List<string>> Reminders() => [.. (await this.GetReminders()).Select(r => r.ReminderName).Order(StringComparer.Ordinal)];

    public async Task Forget(string name) => await this.UnregisterReminder((await this.GetReminder(name))!);

    public Task ReceiveReminder(string reminderName, TickStatus status) => Task.CompletedTask;
}
