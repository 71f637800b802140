using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Contracts.Tests.Storage;

public sealed class FolderLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_second_holder_is_told_who_the_first_is()
    {
        using var first = FolderLock.Take(_folder["job/lock"]);
        Fails.Saying(ErrorCatalogue.AlreadyRunning, () => FolderLock.Take(_folder["job/lock"]), Environment.ProcessId.ToString(CultureInfo.InvariantCulture), "job");
    }

    [Fact]
    public void The_lock_is_free_after_its_holder_is_done()
    {
        FolderLock.Take(_folder["lock"]).Dispose();
        using var second = FolderLock.Take(_folder["lock"]);
        Assert.Equal(Environment.ProcessId, FolderLock.Holder(_folder["lock"]));
    }

    [Fact]
    public void Nobody_holds_a_lock_that_is_not_there_or_was_let_go()
    {
        Assert.Null(FolderLock.Holder(_folder["lock"]));
        FolderLock.Take(_folder["lock"]).Dispose();
        Assert.Null(FolderLock.Holder(_folder["lock"]));
    }
}
