using System.CommandLine;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Trust.Transport;
using Grpc.Core;

namespace BrainMVP.Federated.Aggregator.Commands;

/// <summary>The aggregator's command line. Errors are printed with their number and remedy and become the exit code.</summary>
public static class CommandLine
{
    /// <summary>Folder option that every command has.</summary>
    public static Option<string> Dir() => new("--dir")
    {
        Description = "Folder of this aggregator: trust, state, artifacts.",
        DefaultValueFactory = _ => "aggregator-data",
    };

    /// <summary>Address option of the administrator's commands.</summary>
    public static Option<string?> Url() => new("--url") { Description = "Address of the aggregator; by default the one that runs in --dir." };

    public static async Task<int> Run(string[] args)
    {
        var root = new RootCommand("""
            The aggregator of a BrainMVP federation: averages what sites learn, proves what it did, never sees an image.

            Examples:
              aggregator init --dir data --consortium brains --host aggregator.example
              aggregator serve --dir data --address 0.0.0.0 --port 7443
              aggregator site invite north --dir data
              aggregator run submit plan.yaml --run first --model init.safetensors --sites north,south --dir data
              aggregator run watch first --dir data
            """)
        {
            ServeCommands.Init(),
            ServeCommands.Serve(),
            SiteCommands.Create(),
            RunCommands.Create(),
            ReleaseCommands.Create(),
            PlanCommands.Create(),
            AuditCommands.Create(),
            DatabaseCommands.Create(),
        };
        return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    /// <summary>Runs a command's work and turns errors into numbered text and an exit code.</summary>
    public static async Task<int> Guard(Func<Task> work)
    {
        try
        {
            await work();
            return 0;
        }
        catch (FederationException e)
        {
            return Fail(e);
        }
        catch (RpcException e)
        {
            return Fail(RpcErrors.Translate(e));
        }
        catch (OperationCanceledException)
        {
            return Fail(ErrorCatalogue.Cancelled.With("Interrupted."));
        }
        catch (Exception e)
        {
            return Fail(ErrorCatalogue.Unexpected.With(e.ToString(), e));
        }
    }

    /// <summary>Runs an administrator's command with a connection.</summary>
    public static Task<int> WithAdmin(ParseResult parse, Option<string> dir, Option<string?> url, Func<AdminClient, Task> work) => Guard(async () =>
    {
        using var client = AdminClient.FromFolder(Path.GetFullPath(parse.GetRequiredValue(dir)), parse.GetValue(url));
        await work(client);
    });

    private static int Fail(FederationException error)
    {
        Console.Error.WriteLine(error.ToDisplayText());
        return error.Code.ExitCode;
    }
}
