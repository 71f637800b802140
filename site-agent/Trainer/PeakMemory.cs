using System.Globalization;

namespace BrainMVP.Federated.SiteAgent.Trainer;

/// <summary>How people read a trainer's memory.</summary>
internal static class PeakMemory
{
    private const double Gibi = 1024.0 * 1024 * 1024;

    /// <summary>For example <c>peak memory 1.72 GiB, 22.30 GiB on the device</c>.</summary>
    /// <param name="host">Bytes of the process.</param>
    /// <param name="device">Bytes of the CUDA device; 0 without one.</param>
    public static string Text(long host, long device) => string.Create(CultureInfo.InvariantCulture,
        $"peak memory {host / Gibi:F2} GiB{(device > 0 ? $", {(device / Gibi).ToString("F2", CultureInfo.InvariantCulture)} GiB on the device" : "")}");
}
