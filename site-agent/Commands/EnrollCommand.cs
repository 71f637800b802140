using System.CommandLine;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.SiteAgent.Enrollment;
using BrainMVP.Federated.SiteAgent.Hosting;
using BrainMVP.Federated.SiteAgent.Transport;
using BrainMVP.Federated.Trust.Enrolment;
using BrainMVP.Federated.Trust.Transport;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>enroll</c>: joins a consortium.</summary>
public static class EnrollCommand
{
    public static Command Create()
    {
        var url = new Argument<string>("url") { Description = "Address of the aggregator, https; those of several silos separated by commas.", HelpName = "URL" };
        var token = new Argument<string>("token") { Description = "One-time token from the consortium's administrator.", HelpName = "TOKEN" };
        var again = new Option<bool>("--again") { Description = "Replace the enrolment that the folder holds." };
        var command = CommandShape.Create(
            "enroll",
            "Joins a consortium: makes a key on this machine and has it certified against a one-time token.",
            "enroll https://aggregator.example:8443 bmf1.AbC...",
            "enroll https://aggregator.example:8443 bmf1.AbC... --dir /var/lib/site-agent",
            "enroll https://a.example:8443,https://b.example:8443 bmf1.AbC...");
        command.Add(url);
        command.Add(token);
        command.Add(again);
        command.Does(async (result, folder, cancellation) =>
        {
            var address = AggregatorAddresses.Parse(result.GetValue(url)!);
            var parsed = EnrolmentToken.Parse(result.GetValue(token)!);
            if (File.Exists(folder.Identity) && !result.GetValue(again))
            {
                throw ErrorCatalogue.AlreadyRunning.With($"{folder.Root} already holds an enrolled site; --again replaces its certificate.");
            }

            using var taken = FolderLock.Take(folder.Lock);
            var settings = await new SiteEnrollment(folder, TimeProvider.System).EnrollAsync(address, parsed, cancellation);
            Console.WriteLine($"Site {settings.Site} is enrolled in consortium {settings.Consortium}. Its key stays in {folder.Identity}.");
            Console.WriteLine($"Next: look at {folder.Policy}, then start `site-agent run --dir {folder.Root} --data PATH`.");
        });
        return command;
    }
}
