using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Aggregator.Tests.Hosting;

public sealed class GrainStoreTests
{
    [Fact]
    public async Task A_state_that_is_being_written_is_not_seen_before_it_is_stored()
    {
        var store = new SlowStore();
        var first = store.Save(new CounterState(1));
        Assert.Null(store.State.Settled);
        store.Writing.SetResult();
        await first;
        Assert.Equal(1, store.State.Settled!.Value);

        store.Writing = new TaskCompletionSource();
        var second = store.Save(new CounterState(2));
        Assert.Equal(1, store.State.Settled!.Value);
        store.Writing.SetException(new IOException("away"));
        var error = await Assert.ThrowsAsync<FederationException>(() => second);
        Assert.Equal(ErrorCatalogue.StorageUnavailable, error.Code);
        Assert.Equal(1, store.State.Settled!.Value);
        Assert.Equal(1, store.State.Value!.Value);
    }

    /// <summary>A storage whose writes end when they are told to.</summary>
    private sealed class SlowStore : IPersistentState<Stored<CounterState>>
    {
        public TaskCompletionSource Writing { get; set; } = new();

        public Stored<CounterState> State { get; set; } = new();

        public string? Etag => null;

        public bool RecordExists => false;

        public Task ClearStateAsync() => Task.CompletedTask;

        public Task ReadStateAsync() => Task.CompletedTask;

        public Task WriteStateAsync() => Writing.Task;
    }
}
