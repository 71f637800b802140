using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.SiteAgent.Hosting;

namespace BrainMVP.Federated.SiteAgent.Tests.Hosting;

public sealed class HostingTests
{
    [Fact]
    public void Settings_read_back_as_written_with_any_path()
    {
        using var site = new TemporarySite();
        var settings = new SiteSettings("https://aggregator.example:8443/", "testnet", "north", "/data/O'Neill: MRI #1");
        settings.Write(site.Folder);
        Assert.Equal(settings, SiteSettings.Read(site.Folder));
        (settings with { Data = null }).Write(site.Folder);
        Assert.Null(SiteSettings.Read(site.Folder).Data);
    }

    [Fact]
    public void One_folder_has_one_agent()
    {
        using var site = new TemporarySite();
        Assert.Null(FolderLock.Holder(site.Folder.Lock));
        using (FolderLock.Take(site.Folder.Lock))
        {
            Assert.Equal(Environment.ProcessId, FolderLock.Holder(site.Folder.Lock));
            var e = Assert.Throws<FederationException>(() => FolderLock.Take(site.Folder.Lock));
            Assert.Equal(ErrorCatalogue.AlreadyRunning, e.Code);
            Assert.Contains($"{Environment.ProcessId}", e.Message, StringComparison.Ordinal);
        }

        Assert.Null(FolderLock.Holder(site.Folder.Lock));
        FolderLock.Take(site.Folder.Lock).Dispose();
    }

    [Fact]
    public void A_folder_without_an_enrolment_is_named() =>
        Assert.Equal(ErrorCatalogue.NotInitialised, Assert.Throws<FederationException>(() => new SiteFolder("/nowhere/site").RequireEnrolled()).Code);
}
