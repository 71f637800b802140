using BrainMVP.Federated.Aggregator.Sites;

namespace BrainMVP.Federated.Aggregator.Tests.Sites;

public sealed class DueBellTests
{
    [Fact]
    public void Everyone_who_waits_wakes_once_and_later_ones_wait_for_the_next_ring()
    {
        var bell = new DueBell();
        var (first, second) = (bell.Next, bell.Next);
        Assert.False(first.IsCompleted);
        bell.Ring();
        Assert.True(first.IsCompleted && second.IsCompleted);
        Assert.False(bell.Next.IsCompleted);
        bell.Ring();
        bell.Ring();
        Assert.False(bell.Next.IsCompleted);
    }
}
