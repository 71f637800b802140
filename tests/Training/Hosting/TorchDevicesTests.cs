using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Training.Hosting;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Tests.Hosting;

public sealed class TorchDevicesTests
{
    private static readonly TorchDevices.CudaState None = new([], "no driver answers.");
    private static readonly TorchDevices.CudaState Three = new([0, 1, 3], "cuda:2 fails: too old.");

    [Theory]
    [InlineData("auto", "cuda:0 cuda:1 cuda:3")]
    [InlineData("all", "cuda:0 cuda:1 cuda:3")]
    [InlineData("cuda", "cuda:0")]
    [InlineData("CUDA:3", "cuda:3")]
    [InlineData(" cpu ", "cpu")]
    public void Words_choose_among_the_devices_that_work(string word, string expected) =>
        Assert.Equal(expected, string.Join(" ", TorchDevices.Parse(word, () => Three).Select(Name)));

    [Fact]
    public void Auto_takes_the_cpu_where_no_cuda_device_works() =>
        Assert.Equal("cpu", Name(Assert.Single(TorchDevices.Parse("auto", () => None))));

    [Theory]
    [InlineData("cuda", "no driver answers")]
    [InlineData("cuda:0", "no driver answers")]
    [InlineData("all", "no driver answers")]
    [InlineData("gpu", "cuda:N")]
    [InlineData("cuda:", "cuda:N")]
    [InlineData("cuda:-1", "cuda:N")]
    public void What_cannot_be_had_is_an_error_that_says_why(string word, string why)
    {
        var refused = Assert.Throws<FederationException>(() => TorchDevices.Parse(word, () => None));
        Assert.Equal(ErrorCatalogue.DeviceUnavailable, refused.Code);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_is_not_here_or_fails_is_an_error_that_names_the_others()
    {
        var refused = Assert.Throws<FederationException>(() => TorchDevices.Parse("cuda:2", () => Three));
        Assert.Contains("cuda:0, cuda:1, cuda:3", refused.Message, StringComparison.Ordinal);
        Assert.Contains("too old", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_trial_convolution_succeeds_on_the_cpu() => Assert.Null(TorchDevices.Failure(CPU));

    [Fact]
    public void This_machine_has_what_auto_finds()
    {
        var found = TorchDevices.Parse(TorchDevices.Auto);
        Assert.Equal(cuda.is_available() ? DeviceType.CUDA : DeviceType.CPU, found[0].type);
        if (!cuda.is_available())
        {
            var refused = Assert.Throws<FederationException>(() => TorchDevices.Parse("cuda"));
            Assert.Contains("TorchBackend=cuda", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Fast_cuda_can_be_switched_on_without_a_device() => Assert.True(TorchRuntime.UseFastCuda());

    private static string Name(Device device) => device.type == DeviceType.CPU ? "cpu" : $"cuda:{device.index}";
}
