namespace BrainMVP.Federated.Training.Hosting;

internal static class TorchDevices
{
    public static IReadOnlyList<TorchSharp.torch.Device> Parse(string text) => text.Length < 1 ? [] : [TorchSharp.torch.CPU];
}

internal static class OutOfMemory
{
    public static bool Is(Exception e) => e is OutOfMemoryException || e.Message.Contains("allocate", StringComparison.Ordinal);
}
