using System.CommandLine;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Trust.Audit;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>audit</c>: the site's own log.</summary>
public static class AuditCommand
{
    public static Command Create()
    {
        var verify = CommandShape.Create("verify", "Checks the chain of the site's audit log and names the first broken record.", "audit verify");
        verify.Does((_, folder) =>
        {
            var found = AuditLog.Verify(folder.Audit);
            if (!found.IsWhole)
            {
                throw ErrorCatalogue.AuditBroken.With($"{folder.Audit}: record {found.FirstBroken} is the first broken one.");
            }

            Console.WriteLine($"{found.Records} records, whole. Head {found.Head}");
        });
        var command = CommandShape.Create("audit", "Works on the site's audit log.", "audit verify");
        command.Add(verify);
        return command;
    }
}
