using System.CommandLine;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.SiteAgent.Hosting;
using BrainMVP.Federated.SiteAgent.Rounds;
using Spectre.Console;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>plans</c>: what the consortium proposes and what people here decided.</summary>
public static class PlansCommand
{
    private const int LongestName = 200;

    public static Command Create()
    {
        var command = CommandShape.Create("plans", "Shows proposed plans and records who approved or refused them.", "plans list", "plans approve 3f1a9c --by \"Dr. A. Meier\"");
        command.Add(List());
        command.Add(Show());
        command.Add(Approve());
        command.Add(Refuse());
        return command;
    }

    private static Argument<string> Hash() => new("hash") { Description = "The plan's hash, or its first 6 or more digits.", HelpName = "HASH" };

    private static Option<string> By() => new("--by") { Description = "Name of the person who decides; goes to the audit log.", HelpName = "NAME", Required = true };

    private static Command List()
    {
        var command = CommandShape.Create("list", "Lists the plans that were proposed to this site.", "plans list");
        command.Does((_, folder) =>
        {
            var shelf = new PlanShelf(folder);
            var table = new Table().Border(TableBorder.Simple).AddColumns("hash", "plan", "rounds", "modalities", "decision");
            foreach (var hash in shelf.List())
            {
                var plan = shelf.Read(hash);
                var decision = shelf.Approval(hash) is { } yes ? $"approved by {yes.By}" : shelf.Refusal(hash) is { } no ? $"refused by {no.By}" : "open";
                table.AddRow(hash[..12], Markup.Escape(plan.Name), $"{plan.Rounds.Count}", string.Join(" ", plan.Modalities), Markup.Escape(decision));
            }

            if (table.Rows.Count == 0)
            {
                Console.WriteLine("No plan was proposed yet.");
                return;
            }

            AnsiConsole.Write(table);
        });
        return command;
    }

    private static Command Show()
    {
        var hash = Hash();
        var command = CommandShape.Create("show", "Prints a plan with every field.", "plans show 3f1a9c");
        command.Add(hash);
        command.Does((result, folder) =>
        {
            var shelf = new PlanShelf(folder);
            Console.Write(shelf.Summary(shelf.Find(result.GetValue(hash)!)));
        });
        return command;
    }

    private static Command Approve()
    {
        var hash = Hash();
        var by = By();
        var command = CommandShape.Create("approve", "Approves a plan in the name of a person. The running agent takes it up within seconds.", "plans approve 3f1a9c --by \"Dr. A. Meier\"");
        command.Add(hash);
        command.Add(by);
        command.Does((result, folder) =>
        {
            var shelf = new PlanShelf(folder);
            var full = shelf.Find(result.GetValue(hash)!);
            shelf.Approve(new PlanDecision(full, Person(result.GetValue(by)!), Rounds.Documents.Now(TimeProvider.System)));
            Console.WriteLine($"Plan {full} is approved.");
        });
        return command;
    }

    private static Command Refuse()
    {
        var hash = Hash();
        var by = By();
        var reason = new Option<string>("--reason") { Description = "Why; the consortium's administrator sees it.", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var command = CommandShape.Create("refuse", "Refuses a plan in the name of a person.", "plans refuse 3f1a9c --by \"Dr. A. Meier\" --reason \"too few cases\"");
        command.Add(hash);
        command.Add(by);
        command.Add(reason);
        command.Does((result, folder) =>
        {
            var shelf = new PlanShelf(folder);
            var full = shelf.Find(result.GetValue(hash)!);
            shelf.Refuse(new PlanDecision(full, Person(result.GetValue(by)!), Rounds.Documents.Now(TimeProvider.System), result.GetValue(reason)!));
            Console.WriteLine($"Plan {full} is refused.");
        });
        return command;
    }

    private static string Person(string name) => name.Trim() is { Length: > 0 and <= LongestName } trimmed && !trimmed.Any(char.IsControl)
        ? trimmed
        : throw ErrorCatalogue.ArgumentInvalid.With($"--by needs the name of a person, 1 to {LongestName} characters.");
}
