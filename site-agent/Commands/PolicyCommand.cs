using System.CommandLine;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.SiteAgent.Policy;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>policy</c>: the site's own rules.</summary>
public static class PolicyCommand
{
    public static Command Create()
    {
        var command = CommandShape.Create("policy", "Writes and shows the site's own rules. They beat the consortium's plans.", "policy init --minimum-cohort 50", "policy show");
        command.Add(Init());
        command.Add(Show());
        return command;
    }

    private static Command Init()
    {
        var cohort = new Option<int>("--minimum-cohort") { Description = "Fewest usable cases before the site takes part, 1 or more.", HelpName = "N", DefaultValueFactory = _ => new PolicyDocument().MinimumCohort };
        var automatic = new Option<bool>("--no-approval") { Description = "Plans need no approval by a person." };
        var models = new Option<bool>("--share-own-model") { Description = "The site's own model may go to the other sites of a run that compares them." };
        var force = new Option<bool>("--force") { Description = "Replace the policy that is there." };
        var command = CommandShape.Create("init", "Writes policy.yaml with every field explained.", "policy init", "policy init --minimum-cohort 50 --force");
        command.Add(cohort);
        command.Add(automatic);
        command.Add(models);
        command.Add(force);
        command.Does((result, folder) =>
        {
            if (result.GetValue(cohort) < 1)
            {
                throw ErrorCatalogue.ArgumentInvalid.With("--minimum-cohort must be 1 or more.");
            }

            if (File.Exists(folder.Policy) && !result.GetValue(force))
            {
                throw ErrorCatalogue.ArgumentInvalid.With($"{folder.Policy} exists; --force replaces it.");
            }

            PolicyFile.Write(folder.Policy, new PolicyDocument { MinimumCohort = result.GetValue(cohort), RequireApproval = !result.GetValue(automatic), ShareOwnModel = result.GetValue(models) });
            Console.WriteLine($"Wrote {folder.Policy}.");
        });
        return command;
    }

    private static Command Show()
    {
        var command = CommandShape.Create("show", "Checks policy.yaml and prints the rules in force.", "policy show");
        command.Does((_, folder) => Console.Write(PolicyFile.ToText(PolicyFile.Read(folder.Policy))));
        return command;
    }
}
