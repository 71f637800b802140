using BrainMVP.Federated.Training.Hosting;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Tests.Hosting;

public sealed class DeviceMemoryTests
{
    private const long Megabyte = 1 << 20;

    [Fact]
    public void The_peak_keeps_what_was_freed_until_it_is_reset()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Peaks are read from /proc.");
        var before = DeviceMemory.Resident();
        using (var large = ones(100 * Megabyte / 4))
        {
            Assert.True(DeviceMemory.Resident() > before + (90 * Megabyte));
        }

        Assert.True(DeviceMemory.PeakResident() > before + (90 * Megabyte));
        Assert.SkipUnless(DeviceMemory.ResetPeak(), "This system does not let a process reset its peak.");
        Assert.True(DeviceMemory.PeakResident() < before + (60 * Megabyte));
    }

    [Fact]
    public void The_cpu_has_no_cuda_memory() => Assert.Null(DeviceMemory.Cuda(CPU));
}
