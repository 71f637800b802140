using System.CommandLine;
using System.Globalization;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Transport;
using Spectre.Console;

namespace BrainMVP.Federated.Aggregator.Commands;

/// <summary><c>aggregator release …</c></summary>
public static class ReleaseCommands
{
    public static Command Create() => new("release", "Hands models and templates of a run out to the sites, signed.") { Make(), List() };

    private static Command Make()
    {
        var source = new Argument<string>("source") { Description = "RUN for its newest committed round, RUN@ROUND for another." };
        var (dir, url) = (CommandLine.Dir(), CommandLine.Url());
        var command = new Command("create", """
            Releases what a committed round made: network, templates, model card, signed. Its artifacts are never collected.

            Examples:
              aggregator release create first --dir data
              aggregator release create first@12 --dir data
            """) { source, dir, url };
        command.SetAction((parse, cancellation) => CommandLine.WithAdmin(parse, dir, url, async client =>
        {
            var parts = parse.GetRequiredValue(source).Split('@');
            var round = 0;
            if (parts.Length > 2 || (parts.Length == 2 && (!int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out round) || round < 1)))
            {
                throw ErrorCatalogue.ArgumentInvalid.With($"\"{parse.GetRequiredValue(source)}\" is not RUN or RUN@ROUND with a round from 1 on, for example first@12.");
            }

            var response = await client.Releases.CreateAsync(new CreateReleaseRequest { Run = parts[0], Round = round }, AdminClient.Options(cancellation));
            var release = CanonicalJson.Deserialize<ReleaseDocument>(response.Release.Content.Span);
            Console.WriteLine($"Release {release.Name}: tier {release.Tier}, gate: {release.Gate}. Sites fetch it with: site-agent release pull {release.Name} --out DIR");
        }));
        return command;
    }

    private static Command List()
    {
        var (dir, url) = (CommandLine.Dir(), CommandLine.Url());
        var command = new Command("list", "Shows all releases.") { dir, url };
        command.SetAction((parse, cancellation) => CommandLine.WithAdmin(parse, dir, url, async client =>
        {
            var table = new Table().AddColumns("release", "tier", "gate", "templates", "MB", "released");
            foreach (var signed in (await client.Releases.ListAsync(new ListReleasesRequest(), AdminClient.Options(cancellation))).Releases)
            {
                var release = CanonicalJson.Deserialize<ReleaseDocument>(signed.Content.Span);
                var bytes = release.Model.Bytes + release.Templates.Values.Sum(t => t.Bytes);
                table.AddRow(release.Name, release.Tier, release.Gate, string.Join(" ", release.Templates.Keys.Order(StringComparer.Ordinal)), (bytes / 1e6).ToString("F1", CultureInfo.InvariantCulture), release.ReleasedAt);
            }

            AnsiConsole.Write(table);
        }));
        return command;
    }
}
