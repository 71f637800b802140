namespace BrainMVP.Federated.Training.Hosting;

internal static class Autocast
{
    public static IDisposable? Enter(TorchSharp.DeviceType device, string precision) => device == TorchSharp.DeviceType.CUDA && precision.Length == 0 ? new MemoryStream() : null;
}

internal static class TorchDevices
{
    public static IReadOnlyList<TorchSharp.torch.Device> Parse(string text) => text.Length < 1 ? [] : [TorchSharp.torch.CPU];
}

internal static class OutOfMemory
{
    public static bool Is(Exception e) => e is OutOfMemoryException;
}
