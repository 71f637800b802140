using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.EndToEnd.Tests.Support;

namespace BrainMVP.Federated.EndToEnd.Tests.Pretraining;

/// <summary><c>site-agent pretrain</c>: one machine's data, the real trainer process.</summary>
public sealed class PretrainTests(SharedRuns shared)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pre_training_that_is_killed_goes_on_to_the_same_bytes_and_leaves_pictures_and_figures()
    {
        await using var folder = new TemporaryFolder();
        var plan = folder.Write("plan.yaml", Plans.Tiny(steps: 40));
        var whole = (await Run(folder, plan, "whole")).Succeeded();
        Assert.Contains("s/step", whole.Output, StringComparison.Ordinal);
        Assert.Contains("peak memory", whole.Output, StringComparison.Ordinal);

        await using (var killed = RunningProcess.Start(Programs.SiteAgent, await Arguments(folder, plan, "cut")))
        {
            // In the middle of the first round, after its first checkpoint.
            await Wait.Until(() => File.Exists(folder.PathOf("cut", "rounds", "000001", "checkpoint", "state.safetensors")), () => "no checkpoint", _cancellation);
            killed.Send(Signals.Kill);
            await killed.Finish(_cancellation);
        }

        Assert.False(File.Exists(folder.PathOf("cut", "model.safetensors")));
        (await Run(folder, plan, "cut")).Succeeded();
        foreach (var file in (string[])["model.safetensors", "templates/t1.safetensors", "templates/t2.safetensors"])
        {
            Assert.Equal(await File.ReadAllBytesAsync(folder.PathOf("whole", file), _cancellation), await File.ReadAllBytesAsync(folder.PathOf("cut", file), _cancellation));
        }

        Assert.All((string[])["summary.json", "reconstructions.png", "templates.png", "templates/t1.nii.gz"], f => Assert.True(File.Exists(folder.PathOf("cut", f)), f));

        // Images of people do not stay behind.
        Assert.False(Directory.Exists(folder.PathOf("cut", "data")));
        folder.HoldsNoProcess();
    }

    [Fact]
    public async Task A_device_that_is_not_there_is_a_numbered_error()
    {
        await using var folder = new TemporaryFolder();
        var plan = folder.Write("plan.yaml", Plans.Tiny(steps: 2));
        (await Run(folder, plan, "out", "--device", "cuda:7")).FailedWith(ErrorCatalogue.DeviceUnavailable, "cuda:7");
        (await Run(folder, plan, "out2", "--device", "tpu")).FailedWith(ErrorCatalogue.DeviceUnavailable, "tpu");
    }

    [Fact]
    public async Task A_folder_with_another_training_is_left_as_it_is()
    {
        await using var folder = new TemporaryFolder();
        (await Run(folder, folder.Write("plan.yaml", Plans.Tiny(steps: 2)), "out")).Succeeded();
        var before = await File.ReadAllBytesAsync(folder.PathOf("out", "model.safetensors"), _cancellation);
        (await Run(folder, folder.Write("other.yaml", Plans.Tiny(steps: 3)), "out")).FailedWith(ErrorCatalogue.OutputNotOurs, folder.PathOf("out"));
        Assert.Equal(before, await File.ReadAllBytesAsync(folder.PathOf("out", "model.safetensors"), _cancellation));
    }

    [Fact]
    public async Task An_imported_checkpoint_starts_a_training_and_goes_back_to_python()
    {
        await using var folder = new TemporaryFolder();
        var plan = folder.Write("plan.yaml", Plans.Tiny(steps: 2));
        (await Run(folder, plan, "first")).Succeeded();
        await Agent("model", "export", "--model", folder.PathOf("first", "model.safetensors"), "--templates", folder.PathOf("first", "templates"), "--plan", plan, "--out", folder.PathOf("first.pt"));
        await Agent("model", "import", folder.PathOf("first.pt"), "--plan", plan, "--out", folder.PathOf("imported.safetensors"));
        await Agent("model", "export", "--checkpoint", folder.PathOf("imported.safetensors"), "--out", folder.PathOf("again.pt"));
        Assert.Equal(await File.ReadAllBytesAsync(folder.PathOf("first.pt"), _cancellation), await File.ReadAllBytesAsync(folder.PathOf("again.pt"), _cancellation));

        await Agent("model", "init", plan, "--from", folder.PathOf("imported.safetensors"), "--out", folder.PathOf("initial.safetensors"), "--templates", folder.PathOf("start"));
        Assert.Equal(await File.ReadAllBytesAsync(folder.PathOf("first", "model.safetensors"), _cancellation), await File.ReadAllBytesAsync(folder.PathOf("initial.safetensors"), _cancellation));
        (await Run(folder, plan, "second", "--model", folder.PathOf("initial.safetensors"), "--templates", folder.PathOf("start"))).Succeeded();
        Assert.NotEqual(await File.ReadAllBytesAsync(folder.PathOf("initial.safetensors"), _cancellation), await File.ReadAllBytesAsync(folder.PathOf("second", "model.safetensors"), _cancellation));
    }

    private async Task Agent(params string[] arguments) => (await RunningProcess.Run(Programs.SiteAgent, arguments, _cancellation)).Succeeded();

    private async Task<Finished> Run(TemporaryFolder folder, string plan, string output, params string[] more) =>
        await RunningProcess.Run(Programs.SiteAgent, [.. await Arguments(folder, plan, output), .. more], _cancellation);

    private async Task<IReadOnlyList<string>> Arguments(TemporaryFolder folder, string plan, string output) =>
        ["pretrain", "--plan", plan, "--data", (await shared.Data)[0], "--out", folder.PathOf(output)];
}
