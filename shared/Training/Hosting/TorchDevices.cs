using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Hosting;

/// <summary>From the word of an operator to the devices of a trainer.</summary>
public static class TorchDevices
{
    /// <summary>All devices of the best kind that works: CUDA, else the CPU.</summary>
    public const string Auto = "auto";

    /// <summary>
    /// Reads <c>auto</c>, <c>cpu</c>, <c>cuda</c> (the first CUDA device), <c>cuda:N</c> or <c>all</c> (all CUDA
    /// devices). <c>auto</c> takes all CUDA devices that a small convolution really runs on, and otherwise the CPU: a
    /// driver may be present and still not work with this libtorch.
    /// </summary>
    /// <param name="word">Upper and lower case are equal.</param>
    /// <returns>At least one device, all of one kind.</returns>
    /// <exception cref="FederationException">BMF-1506 for an unknown word, or when CUDA is asked for and does not work.</exception>
    public static IReadOnlyList<Device> Parse(string word) => Parse(word, CudaDevices);

    /// <summary>Refuses what no machine could understand, without looking at this one.</summary>
    /// <exception cref="FederationException">BMF-1506.</exception>
    public static void RequireWord(string word)
    {
        var name = word.Trim().ToLowerInvariant();
        if (name is not (Auto or "cpu" or "cuda" or "all") && Index(name) is null)
        {
            throw Unknown(word);
        }
    }

    internal static IReadOnlyList<Device> Parse(string word, Func<CudaState> probe)
    {
        var name = word.Trim().ToLowerInvariant();
        var cuda = name switch
        {
            "cpu" => new CudaState([], ""),
            Auto or "cuda" or "all" => probe(),
            _ when Index(name) is not null => probe(),
            _ => throw Unknown(word),
        };
        if (name == "cpu" || (name == Auto && cuda.Indices.Count == 0))
        {
            return [new Device(DeviceType.CPU)];
        }

        if (cuda.Indices.Count == 0)
        {
            throw ErrorCatalogue.DeviceUnavailable.With($"\"{word}\" asks for CUDA: {cuda.Reason}");
        }

        if (Index(name) is { } wanted && !cuda.Indices.Contains(wanted))
        {
            throw ErrorCatalogue.DeviceUnavailable.With($"\"{word}\" is not here; usable: {string.Join(", ", cuda.Indices.Select(i => $"cuda:{i}"))}.{(cuda.Reason.Length > 0 ? " " + cuda.Reason : "")}");
        }

        IEnumerable<int> chosen = name == "cuda" ? [cuda.Indices[0]] : Index(name) is { } one ? [one] : cuda.Indices;
        return [.. chosen.Select(i => new Device(DeviceType.CUDA, i))];
    }

    private static FederationException Unknown(string word) => ErrorCatalogue.DeviceUnavailable.With($"\"{word}\" is not auto, cpu, cuda, cuda:N or all.");

    private static int? Index(string name) =>
        name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;

    private static CudaState CudaDevices()
    {
        if (!cuda.is_available())
        {
            return new CudaState([], NativeTorch.IsLoaded("libtorch_cuda")
                ? "libtorch has its CUDA part, but no driver or device answers; `nvidia-smi` says which."
                : "this build has libtorch for the CPU only; use one built with TorchBackend=cuda, or with TorchBackend=none and LIBTORCH_DIR.");
        }

        List<int> usable = [];
        List<string> reasons = [];
        for (var i = 0; i < cuda.device_count(); i++)
        {
            if (Failure(new Device(DeviceType.CUDA, i)) is { } reason)
            {
                reasons.Add($"cuda:{i} fails: {reason}");
            }
            else
            {
                usable.Add(i);
            }
        }

        return new CudaState(usable, string.Join(" ", reasons));
    }

    /// <summary>Null when a convolution on the device gives what it should, else the reason in one line.</summary>
    internal static string? Failure(Device device)
    {
        try
        {
            using var noGradient = no_grad();
            using var scope = NewDisposeScope();
            var sums = nn.functional.conv3d(ones([1, 2, 4, 4, 4], device: device), ones([3, 2, 2, 2, 2], device: device)).cpu();
            return sums.eq(16).all().item<bool>() ? null : "a convolution gives wrong numbers.";
        }
        catch (Exception e) when (e is System.Runtime.InteropServices.ExternalException or InvalidOperationException or NotImplementedException)
        {
            return e.Message.Split('\n')[0].Trim();
        }
    }

    /// <summary>CUDA devices that work, and why others do not.</summary>
    internal sealed record CudaState(IReadOnlyList<int> Indices, string Reason);
}
