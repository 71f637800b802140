using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.Rounds;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Aggregator.Tests.Rounds;

public sealed class UploadStreamsTests
{
    private static readonly RoundKey Round = new("run", 1, 1);

    private readonly UploadStreams _streams = new(TimeProvider.System);

    [Fact]
    public void One_update_has_a_bounded_number_of_streams_and_others_are_not_concerned()
    {
        using var stop = new IdleLimit(TimeProvider.System, CancellationToken.None);
        var open = Enumerable.Range(0, UploadStreams.MostOfOneUpdate).Select(_ => _streams.Enter(Round, "north", stop)).ToArray();
        Fails.With(ErrorCatalogue.StorageUnavailable, () => _streams.Enter(Round, "north", stop));
        using var other = _streams.Enter(Round, "south", stop);
        using var next = _streams.Enter(Round with { Round = 2 }, "north", stop);
        open[3].Dispose();
        using var again = _streams.Enter(Round, "north", stop);
        Fails.With(ErrorCatalogue.StorageUnavailable, () => _streams.Enter(Round, "north", stop));
    }
}
