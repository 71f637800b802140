using BrainMVP.Federated.Browser.Tests.Data;
using BrainMVP.Federated.Browser.Tests.Support;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Volumes;

[assembly: AssemblyFixture(typeof(DataPages))]

namespace BrainMVP.Federated.Browser.Tests.Data;

/// <summary>
/// What the executable draws of a few phantoms: their montage, and the quality page of the same people after one series
/// was shifted and one person got a name that would be markup if the page let it.
/// </summary>
public sealed class DataPages : IAsyncDisposable
{
    public const string Hostile = "x<b>bold";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bmf-pages-");
    private readonly Lazy<Task> _made;

    public DataPages() => _made = new Lazy<Task>(Make);

    public Task Ready => _made.Value;

    public string Montage => Path.Combine(_folder.FullName, "montage.png");

    public string QualityPage => Path.Combine(_folder.FullName, "quality", "quality.html");

    /// <summary>Where screenshots go: kept when BRAINMVP_SCREENSHOTS names a folder, so that a person can look at them.</summary>
    public string Screenshot(string name)
    {
        var folder = Environment.GetEnvironmentVariable("BRAINMVP_SCREENSHOTS") ?? _folder.FullName;
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, name);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task Make()
    {
        var data = Path.Combine(_folder.FullName, "data");
        await SiteAgent.Run(CancellationToken.None, "phantom", "--out", data, "--seed", "5", "--cases", "3", "--disease", "glioma", "--modalities", "t1,t1c,flair", "--spacing", "2", "--montage", Montage);
        var people = Directory.GetDirectories(data).Order(StringComparer.Ordinal).ToArray();
        var moved = Directory.GetFiles(people[1], "*_FLAIR.nii.gz").Single();
        var volume = NiftiReader.Read(moved);
        NiftiWriter.Write(moved, new Volume(volume.Shape, volume.Affine.MovedTo(12, 8, 0), volume.Voxels));
        Directory.Move(people[2], Path.Combine(data, Hostile));
        await SiteAgent.Run(CancellationToken.None, "data", "check", data, "--out", Path.GetDirectoryName(QualityPage)!, "--dir", Path.Combine(_folder.FullName, "site"));
    }
}
