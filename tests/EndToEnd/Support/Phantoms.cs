namespace BrainMVP.Federated.EndToEnd.Tests.Support;

/// <summary>Small data sets, made by the agent's own command.</summary>
internal static class Phantoms
{
    /// <summary>Generates cases of one site into a folder.</summary>
    public static async Task<string> Write(string folder, string site, string modalities, int cases, CancellationToken cancellation)
    {
        (await RunningProcess.Run(
            Programs.SiteAgent,
            ["phantom", "--out", folder, "--seed", "3", "--cases", $"{cases}", "--scanner", site, "--prefix", site, "--modalities", modalities, "--spacing", "4"],
            cancellation)).Succeeded();
        return folder;
    }

    public static string File(string data, string site, int number, string modality) =>
        Path.Combine(data, $"{site}-{number:D4}", $"{site}-{number:D4}_{modality}.nii.gz");

    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            System.IO.File.Copy(file, target);
        }
    }
}
