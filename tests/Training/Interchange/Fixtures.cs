using System.Runtime.CompilerServices;

namespace BrainMVP.Federated.Training.Tests.Interchange;

/// <summary>Files that PyTorch wrote; <c>Fixtures/README.md</c> says how.</summary>
internal static class Fixtures
{
    private static readonly string Folder = Path.Combine(Path.GetDirectoryName(Here())!, "..", "Fixtures");

    public static string PathOf(string name) => Path.Combine(Folder, name);

    public static byte[] Bytes(string name) => File.ReadAllBytes(PathOf(name));

    private static string Here([CallerFilePath] string path = "") => path;
}
