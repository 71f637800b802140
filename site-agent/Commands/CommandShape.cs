using System.CommandLine;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Hosting;
using BrainMVP.Federated.SiteAgent.Hosting;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary>What all commands have in common: the folder option, examples in the help, and numbered errors.</summary>
public static class CommandShape
{
    /// <summary><c>--dir</c>, valid for every command.</summary>
    public static Option<string> Folder { get; } = new("--dir")
    {
        Description = "The site's folder.",
        HelpName = "DIR",
        DefaultValueFactory = _ => "./site",
        Recursive = true,
    };

    /// <summary><c>--stop-with-stdin</c>, valid for every command.</summary>
    public static Option<bool> StopWithStdin { get; } = new("--stop-with-stdin")
    {
        Description = "Also stop when standard input ends: a parent that dies takes this process along.",
        Recursive = true,
    };

    /// <summary>A command whose help ends with examples.</summary>
    public static Command Create(string name, string description, params string[] examples) => new CommandWithExamples(name, description, examples);

    /// <summary>Sets what a command does.</summary>
    public static void Does(this Command command, Func<ParseResult, SiteFolder, CancellationToken, Task> action) =>
        command.SetAction(async (result, cancellation) =>
        {
            using var stop = ParentWatch.Link(result.GetValue(StopWithStdin), cancellation);
            return await GuardAsync(() => action(result, new SiteFolder(result.GetValue(Folder)!), stop.Token), stop.Token);
        });

    /// <inheritdoc cref="Does(Command, Func{ParseResult, SiteFolder, CancellationToken, Task})"/>
    public static void Does(this Command command, Action<ParseResult, SiteFolder> action) => command.Does((result, folder, _) =>
    {
        action(result, folder);
        return Task.CompletedTask;
    });

    /// <summary>Prints an error with its number and remedy and answers its exit code.</summary>
    public static int Print(FederationException error)
    {
        Console.Error.WriteLine(error.ToDisplayText());
        return error.Code.ExitCode;
    }

    private static async Task<int> GuardAsync(Func<Task> action, CancellationToken cancellation)
    {
        try
        {
            await action();
            return 0;
        }
        catch (FederationException e)
        {
            return Print(e);
        }
        catch (OperationCanceledException e) when (cancellation.IsCancellationRequested)
        {
            return Print(ErrorCatalogue.Cancelled.With("", e));
        }
        catch (Exception e)
        {
            Console.Error.WriteLine(e);
            return Print(ErrorCatalogue.Unexpected.With(e.Message, e));
        }
    }
}
