using System.CommandLine;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Transport;

namespace BrainMVP.Federated.Aggregator.Commands;

/// <summary><c>aggregator audit …</c></summary>
public static class AuditCommands
{
    public static Command Create()
    {
        var (dir, url) = (CommandLine.Dir(), CommandLine.Url());
        var verify = new Command("verify", "Checks the audit chain of the running aggregator and names the first broken record.") { dir, url };
        verify.SetAction((parse, cancellation) => CommandLine.WithAdmin(parse, dir, url, async client =>
        {
            var result = await client.Admin.VerifyAuditAsync(new VerifyAuditRequest(), AdminClient.Options(cancellation));
            if (result.FirstBroken >= 0)
            {
                throw ErrorCatalogue.AuditBroken.With($"Record {result.FirstBroken} is the first broken one.");
            }

            Console.WriteLine($"The chain of {result.Records} records is whole. Head: {result.Head}");
        }));
        return new Command("audit", "Checks the audit log.") { verify };
    }
}
