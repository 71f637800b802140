using System.CommandLine;
using System.Globalization;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Transport;
using Spectre.Console;

namespace BrainMVP.Federated.Aggregator.Commands;

/// <summary><c>aggregator site …</c></summary>
public static class SiteCommands
{
    public static Command Create() => new("site", "Invites, lists and revokes sites.") { Invite(), List(), Revoke() };

    private static Command Invite()
    {
        var site = new Argument<string>("site") { Description = "Name of the site: a-z, 0-9, hyphen." };
        var hours = new Option<int>("--hours") { Description = "Lifetime of the token, 1..720 h.", DefaultValueFactory = _ => 72 };
        var (dir, url) = (CommandLine.Dir(), CommandLine.Url());
        var command = new Command("invite", "Prints a one-time token for a site. Hand it over on a trusted way; the site runs `site-agent enroll URL TOKEN`.") { site, hours, dir, url };
        command.SetAction((parse, cancellation) => CommandLine.WithAdmin(parse, dir, url, async client =>
        {
            var response = await client.Admin.InviteSiteAsync(new InviteSiteRequest { Site = parse.GetRequiredValue(site), Hours = parse.GetValue(hours) }, AdminClient.Options(cancellation));
            Console.WriteLine(response.Token);
        }));
        return command;
    }

    private static Command List()
    {
        var (dir, url) = (CommandLine.Dir(), CommandLine.Url());
        var command = new Command("list", "Shows all sites with their data counts and when they were last heard from.") { dir, url };
        command.SetAction((parse, cancellation) => CommandLine.WithAdmin(parse, dir, url, async client =>
        {
            var response = await client.Admin.ListSitesAsync(new ListSitesRequest(), AdminClient.Options(cancellation));
            var table = new Table().AddColumns("site", "state", "cases", "modalities", "skipped", "last heard", "certificate until", "agent");
            foreach (var s in response.Sites)
            {
                table.AddRow(
                    s.Site,
                    s.State,
                    s.Cases.ToString(CultureInfo.InvariantCulture),
                    string.Join(" ", s.CasesByModality.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key}:{m.Value}")),
                    string.Join(" ", s.SkippedByReason.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key}:{m.Value}")),
                    s.SilentSeconds < 0 ? "never" : string.Create(CultureInfo.InvariantCulture, $"{s.SilentSeconds:F0} s ago"),
                    s.CertificateExpires,
                    s.AgentVersion);
            }

            AnsiConsole.Write(table);
        }));
        return command;
    }

    private static Command Revoke()
    {
        var site = new Argument<string>("site") { Description = "Name of the site." };
        var reason = new Option<string>("--reason") { Description = "Why; goes to the audit log.", Required = true };
        var (dir, url) = (CommandLine.Dir(), CommandLine.Url());
        var command = new Command("revoke", "Takes a site off the allow-list. Open connections are refused from the next request on.") { site, reason, dir, url };
        command.SetAction((parse, cancellation) => CommandLine.WithAdmin(parse, dir, url, async client =>
        {
            await client.Admin.RevokeSiteAsync(new RevokeSiteRequest { Site = parse.GetRequiredValue(site), Reason = parse.GetRequiredValue(reason) }, AdminClient.Options(cancellation));
            Console.WriteLine($"{parse.GetValue(site)} is revoked.");
        }));
        return command;
    }
}
