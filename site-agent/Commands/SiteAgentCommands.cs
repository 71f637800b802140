using System.CommandLine;
using System.CommandLine.Help;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary>The command line as a whole.</summary>
public static class SiteAgentCommands
{
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(5);

    public static RootCommand Create()
    {
        var root = new RootCommand("The hospital's side of a BrainMVP federation. Images never leave this machine.");
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        root.Add(CommandShape.Folder);
        root.Add(CommandShape.StopWithStdin);
        root.Add(EnrollCommand.Create());
        root.Add(RunCommand.Create());
        root.Add(PlansCommand.Create());
        root.Add(PolicyCommand.Create());
        root.Add(DataCommand.Create());
        root.Add(PretrainCommand.Create());
        root.Add(FinetuneCommand.Create());
        root.Add(PredictCommand.Create());
        root.Add(EvaluateCommand.Create());
        root.Add(PhantomCommand.Create());
        root.Add(ModelCommand.Create());
        root.Add(ReleaseCommand.Create());
        root.Add(StatusCommand.Create());
        root.Add(AuditCommand.Create());
        root.Add(TrainerCommand.Create());
        return root;
    }

    /// <returns>Exit code: 0, or that of the numbered error.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var parsed = Create().Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpWithExamples)
        {
            return CommandShape.Print(ErrorCatalogue.ArgumentInvalid.With(string.Join(" ", parsed.Errors.Select(e => e.Message))));
        }

        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = LongestEnd });
    }
}
