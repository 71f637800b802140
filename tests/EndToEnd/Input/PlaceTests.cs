using System.Net;
using System.Net.Sockets;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.EndToEnd.Tests.Support;

namespace BrainMVP.Federated.EndToEnd.Tests.Input;

/// <summary>Ports and folders that cannot be used.</summary>
public sealed class PlaceTests(SharedRuns shared)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_port_in_use_ends_the_simulation_with_its_number()
    {
        await using var folder = new TemporaryFolder();
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        var data = await shared.Data;
        var finished = await SimulationProcess.Run(folder.PathOf("out"), ["--data", data[0], "--data", data[1], "--port", $"{port}"], _cancellation);
        finished.FailedWith(ErrorCatalogue.PortInUse, $"{port}");
        folder.HoldsNoProcess();
        Assert.False(File.Exists(folder.PathOf("out", "summary.json")));
    }

    [Fact]
    public async Task A_folder_with_other_things_is_left_as_it_is()
    {
        await using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.PathOf("out"));
        var thesis = folder.Write(Path.Combine("out", "thesis.txt"), "years of work");
        (await SimulationProcess.Run(folder.PathOf("out"), [], _cancellation)).FailedWith(ErrorCatalogue.OutputNotOurs, folder.PathOf("out"));
        Assert.Equal([thesis], Directory.GetFileSystemEntries(folder.PathOf("out")));
        Assert.Equal("years of work", await File.ReadAllTextAsync(thesis, _cancellation));
    }

    [Fact]
    public async Task A_study_that_does_not_exist_or_has_no_people_to_test_on_begins_nothing()
    {
        await using var folder = new TemporaryFolder();
        (await SimulationProcess.Run(folder.PathOf("out"), ["--study", "alchemy"], _cancellation)).FailedWith(ErrorCatalogue.ArgumentInvalid, "heterogeneity");
        (await SimulationProcess.Run(folder.PathOf("out"), ["--study", "heterogeneity", "--test-cases", "0"], _cancellation)).FailedWith(ErrorCatalogue.ArgumentInvalid, "--test-cases is 0");
        Assert.False(Directory.Exists(folder.PathOf("out")));
        Directory.CreateDirectory(folder.PathOf("out"));
        var thesis = folder.Write(Path.Combine("out", "thesis.txt"), "years of work");
        (await SimulationProcess.Run(folder.PathOf("out"), ["--study", "heterogeneity"], _cancellation)).FailedWith(ErrorCatalogue.OutputNotOurs, folder.PathOf("out"));
        Assert.Equal([thesis], Directory.GetFileSystemEntries(folder.PathOf("out")));
    }

    [Fact]
    public async Task A_data_folder_that_does_not_exist_is_named()
    {
        await using var folder = new TemporaryFolder();
        (await SimulationProcess.Run(folder.PathOf("out"), ["--data", folder.PathOf("nowhere")], _cancellation)).FailedWith(ErrorCatalogue.DataFolderMissing, folder.PathOf("nowhere"));
        Assert.False(Directory.Exists(folder.PathOf("out")));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(12)]
    public async Task A_full_disk_ends_the_simulation_with_its_number(int megabytes)
    {
        await using var folder = new TemporaryFolder();
        await using var disk = await SmallDisk.Mount(folder.PathOf("disk"), megabytes, _cancellation);
        var finished = await SimulationProcess.Run(folder.PathOf("disk", "out"), [.. await shared.Arguments(), "--pause-limit", "2"], _cancellation);
        finished.FailedWith(ErrorCatalogue.DiskFull);
        folder.HoldsNoProcess();
    }

    /// <summary>A file system of a few megabytes in memory.</summary>
    private sealed class SmallDisk(string path) : IAsyncDisposable
    {
        public static async Task<SmallDisk> Mount(string path, int megabytes, CancellationToken cancellation)
        {
            Directory.CreateDirectory(path);
            var mounted = File.Exists("/bin/mount") && Environment.IsPrivilegedProcess
                ? await RunningProcess.Run("/bin/mount", ["-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", path], cancellation)
                : new Finished(1, "", "only root may mount");
            Assert.SkipWhen(mounted.ExitCode != 0, $"A small disk cannot be mounted here: {mounted.Errors.Trim()}");
            return new SmallDisk(path);
        }

        public async ValueTask DisposeAsync() => (await RunningProcess.Run("/bin/umount", ["--lazy", path], CancellationToken.None)).Succeeded();
    }
}
