using System.CommandLine;
using System.Globalization;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.SiteAgent.Releases;
using BrainMVP.Federated.Trust.Certificates;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>release</c>: what the consortium hands out.</summary>
public static class ReleaseCommand
{
    public static Command Create()
    {
        var command = CommandShape.Create("release", "Lists, fetches and verifies the consortium's releases.", "release list", "release pull first-12 --out encoder", "release verify encoder");
        command.Add(List());
        command.Add(Pull());
        command.Add(Verify());
        return command;
    }

    private static Command List()
    {
        var command = CommandShape.Create("list", "Shows the releases, their signatures checked.", "release list");
        command.Does(async (_, folder, cancellation) =>
        {
            using var link = new ReleaseLink(folder, TimeProvider.System);
            var releases = await link.ListAsync(cancellation);
            foreach (var (release, _) in releases)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{release.Name}  tier {release.Tier}, gate: {release.Gate}, {Size(release) / 1e6:F1} MB, templates {Templates(release)}, {release.ReleasedAt}"));
            }

            if (releases.Count == 0)
            {
                Console.WriteLine("Nothing is released yet.");
            }
        });
        return command;
    }

    private static Command Pull()
    {
        var name = new Argument<string>("release") { Description = "Name of the release.", HelpName = "RELEASE" };
        var output = new Option<string>("--out") { Description = "Folder for network, templates, model card and signed document; the same command again goes on where it was cut.", HelpName = "DIR", Required = true };
        var command = CommandShape.Create("pull", "Fetches a release and verifies every byte. finetune --encoder takes the folder.", "release pull first-12 --out encoder");
        command.Add(name);
        command.Add(output);
        command.Does(async (result, folder, cancellation) =>
        {
            using var link = new ReleaseLink(folder, TimeProvider.System);
            var told = "";
            var release = await link.PullAsync(result.GetRequiredValue(name), Path.GetFullPath(result.GetRequiredValue(output)), (file, done, total) =>
            {
                var line = string.Create(CultureInfo.InvariantCulture, $"{file}: {(total == 0 ? 100 : done * 10 / total * 10)} %");
                if (line != told)
                {
                    Console.Error.WriteLine(line);
                    told = line;
                }
            }, cancellation);
            Told(release, Path.GetFullPath(result.GetRequiredValue(output)));
        });
        return command;
    }

    private static Command Verify()
    {
        var path = new Argument<string>("folder") { Description = "Folder of a release.", HelpName = "DIR" };
        var authority = new Option<string?>("--ca") { Description = "The consortium's CA certificate; by default the one that this site pinned when it enrolled.", HelpName = "FILE" };
        var command = CommandShape.Create("verify", "Checks the signature of a release and every byte of its files.", "release verify encoder", "release verify encoder --ca ca.crt");
        command.Add(path);
        command.Add(authority);
        command.Does((result, folder) =>
        {
            var root = Path.GetFullPath(result.GetRequiredValue(path));
            using var certificate = CertificateFiles.LoadCertificate(result.GetValue(authority) is { } file ? ExistingFile(file) : folder.RequireEnrolled().Authority);
            Told(new ReleaseFolder(root).Verify(certificate, TimeProvider.System.GetUtcNow()), root);
        });
        return command;
    }

    private static string ExistingFile(string path) => File.Exists(path) ? path : throw ErrorCatalogue.ArgumentInvalid.With($"--ca: {path} does not exist.");

    private static void Told(ReleaseDocument release, string root) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"Release {release.Name} of {release.Consortium} is whole and signed: {root}\n  network {release.Model.Bytes / 1e6:F1} MB, templates {Templates(release)}; tier {release.Tier}, gate: {release.Gate}\n  model {release.Model.Hash}"));

    private static string Templates(ReleaseDocument release) => release.Templates.Count == 0 ? "none" : string.Join(" ", release.Templates.Keys.Order(StringComparer.Ordinal));

    private static double Size(ReleaseDocument release) => release.Model.Bytes + release.Templates.Values.Sum(t => (double)t.Bytes);
}
