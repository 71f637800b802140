using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Contracts.Errors;
using Microsoft.Extensions.Logging.Abstractions;

namespace BrainMVP.Federated.Aggregator.Tests.Hosting;

public sealed class DiskRoomTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_disk_with_room_gets_a_reserve_and_more_than_it_has_is_refused_with_the_numbers()
    {
        using var room = new DiskRoom(new AggregatorFolder(_folder.Path), TimeProvider.System, NullLogger<DiskRoom>.Instance);
        room.Look();
        Assert.False(room.IsFull);
        Assert.Equal(DiskRoom.ReserveBytes, new FileInfo(Path.Combine(_folder.Path, "reserve")).Length);
        room.Require(1, "A byte");
        var error = Assert.Throws<FederationException>(() => room.Require(long.MaxValue / 2, "The update of north"));
        Assert.Equal(ErrorCatalogue.DiskFull, error.Code);
        Assert.Contains("The update of north needs 4398046511104.0 MiB", error.Message, StringComparison.Ordinal);
    }
}
