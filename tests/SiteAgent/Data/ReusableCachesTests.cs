using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Phantom;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.SiteAgent.Data;

namespace BrainMVP.Federated.SiteAgent.Tests.Data;

public sealed class ReusableCachesTests : IDisposable
{
    private readonly TemporarySite _site = new();

    public void Dispose() => _site.Dispose();

    [Fact]
    public void A_path_that_is_or_lies_in_a_prepared_folder_finds_its_cache()
    {
        Directory.CreateDirectory(_site.PathOf("prepared/cache"));
        Directory.CreateDirectory(_site.PathOf("prepared/volumes/a"));
        Directory.CreateDirectory(_site.PathOf("plain/cache"));
        File.WriteAllText(_site.PathOf("prepared/manifest.csv"), "subject,modality,path\n");
        Assert.All(["prepared", "prepared/manifest.csv", "prepared/volumes/a"], p => Assert.Equal([_site.PathOf("prepared/cache")], ReusableCaches.Of(_site.PathOf(p))));
        Assert.All(["plain", "plain/cache", "none"], p => Assert.Empty(ReusableCaches.Of(_site.PathOf(p))));
    }

    [Fact]
    public void The_caches_of_the_sites_other_runs_are_found()
    {
        Assert.Empty(ReusableCaches.OfOtherRuns(_site.PathOf("caches"), _site.PathOf("caches/b")));
        Array.ForEach(["a", "b", "c"], run => Directory.CreateDirectory(_site.PathOf($"caches/{run}")));
        Assert.Equal([_site.PathOf("caches/a"), _site.PathOf("caches/c")], ReusableCaches.OfOtherRuns(_site.PathOf("caches"), _site.PathOf("caches/b")));
    }

    [Fact]
    public void A_run_links_what_was_prepared_beside_its_data_or_for_another_run_and_deleting_it_leaves_the_source()
    {
        var plan = Presets.Create(Presets.Demo);
        PhantomDataset.Write(_site.PathOf("prepared/volumes"), new PhantomRequest { Seed = 1, Site = "north", Scanner = "north", Modalities = ["t1"], Cases = 2, SpacingMm = 4 }, cancellation: TestContext.Current.CancellationToken);
        var manifest = _site.PathOf("prepared/manifest.csv");
        var rows = DatasetScanner.Scan(_site.PathOf("prepared/volumes")).Cases.Select(c => $"{c.Subject},t1,{c.Series["t1"].Path}");
        File.WriteAllLines(manifest, ["subject,modality,path", .. rows]);
        PreparedDataset.Prepare(DatasetScanner.Scan(manifest), plan.Imaging, _site.PathOf("prepared/cache"), cancellation: TestContext.Current.CancellationToken);

        Prepare("first", []);
        Assert.True(AreOneFile("prepared/cache", "first"));
        Directory.Move(_site.PathOf("prepared/cache"), _site.PathOf("gone"));
        Prepare("second", ["first"]);
        Assert.True(AreOneFile("first", "second"));
        Prepare("third", []);
        Assert.False(AreOneFile("first", "third"));
        Directory.Delete(_site.PathOf("first"), recursive: true);
        Assert.Equal(2, PreparedDataset.Load(_site.PathOf("second")).Cases.Count);
        Assert.Single(PreparedDataset.Load(_site.PathOf("second")).Read(0).Channels);

        void Prepare(string folder, string[] reuse) =>
            DataPreparation.Prepare(manifest, plan, _site.PathOf(folder), [.. reuse.Select(_site.PathOf)], (_, _) => { }, TestContext.Current.CancellationToken);
    }

    /// <summary>A byte that is added under one name is there under the other; it is taken away again.</summary>
    private bool AreOneFile(string one, string other)
    {
        var path = Directory.GetFiles(_site.PathOf(one), "*.case")[0];
        var same = new FileInfo(Path.Combine(_site.PathOf(other), Path.GetFileName(path)));
        var length = same.Length;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Write);
        stream.SetLength(length + 1);
        same.Refresh();
        var grown = same.Length == length + 1;
        stream.SetLength(length);
        return grown;
    }
}
