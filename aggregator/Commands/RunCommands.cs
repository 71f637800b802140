using System.CommandLine;
using System.Globalization;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Transport;
using Google.Protobuf;
using Spectre.Console;

namespace BrainMVP.Federated.Aggregator.Commands;

/// <summary><c>aggregator run …</c></summary>
public static class RunCommands
{
    public static Command Create() => new("run", "Submits, watches and controls runs, and exports what they made.")
    {
        SubmitCommand.Create(),
        CloneCommand.Create(),
        List(),
        Status(),
        Watch(),
        Control("pause", "Opens no further round until resumed.", ControlRunRequest.Types.Action.Pause),
        Control("resume", "Goes on after a pause.", ControlRunRequest.Types.Action.Resume),
        Control("abort", "Ends the run; the last committed model stays.", ControlRunRequest.Types.Action.Abort),
        Control("close-round", "Closes the current step with the sites that are there, quorum or not.", ControlRunRequest.Types.Action.CloseRound),
        Control("extend", "Moves the deadline that applies now.", ControlRunRequest.Types.Action.ExtendDeadline, needsSeconds: true),
        Control("drop-site", "Leaves a site out of the rest of the run.", ControlRunRequest.Types.Action.DropSite, needsSite: true),
        Control("readmit-site", "Takes a dropped site in again from the next round on.", ControlRunRequest.Types.Action.ReadmitSite, needsSite: true),
        Control("start", "Shows a draft to its sites; they approve or refuse its plan.", ControlRunRequest.Types.Action.Start),
        Control("roll-back", """
            Goes on from an earlier committed round; what was committed after it no longer counts. The plan's rounds.rollback
            says how far back. Sites that still have their state of that round train the same again.

            Example:
              aggregator run roll-back first --to 12 --reason "site east sent corrupt data in round 13"
            """, ControlRunRequest.Types.Action.RollBack, needsRound: true),
        ExportCommand.Create(),
    };

    /// <summary>The run argument.</summary>
    public static Argument<string> Run() => new("run") { Description = "Name of the run." };

    private static Command List()
    {
        var (dir, url) = (CommandLine.Dir(), CommandLine.Url());
        var command = new Command("list", "Shows all runs, newest first.") { dir, url };
        command.SetAction((parse, cancellation) => CommandLine.WithAdmin(parse, dir, url, async client =>
        {
            var table = new Table().AddColumns("run", "state", "rounds", "reason");
            foreach (var r in (await client.Admin.ListRunsAsync(new ListRunsRequest(), AdminClient.Options(cancellation))).Runs)
            {
                table.AddRow(r.Run, r.State, $"{r.CommittedRounds}/{r.TotalRounds}", Markup.Escape(r.Reason));
            }

            AnsiConsole.Write(table);
        }));
        return command;
    }

    private static Command Status()
    {
        var run = Run();
        var json = new Option<bool>("--json") { Description = "Print everything as JSON." };
        var (dir, url) = (CommandLine.Dir(), CommandLine.Url());
        var command = new Command("status", "Shows one run: state, sites, rounds, losses.") { run, json, dir, url };
        command.SetAction((parse, cancellation) => CommandLine.WithAdmin(parse, dir, url, async client =>
        {
            var status = await client.Admin.GetRunStatusAsync(new GetRunStatusRequest { Run = parse.GetRequiredValue(run) }, AdminClient.Options(cancellation));
            if (parse.GetValue(json))
            {
                Console.WriteLine(new JsonFormatter(JsonFormatter.Settings.Default.WithFormatDefaultValues(true)).Format(status));
            }
            else
            {
                RunText.Write(status);
            }
        }));
        return command;
    }

    private static Command Watch()
    {
        var run = Run();
        var (dir, url) = (CommandLine.Dir(), CommandLine.Url());
        var command = new Command("watch", "Prints what changes until the run ends.") { run, dir, url };
        command.SetAction((parse, cancellation) => CommandLine.WithAdmin(parse, dir, url, async client =>
        {
            var last = "";
            while (true)
            {
                var status = await client.Admin.GetRunStatusAsync(new GetRunStatusRequest { Run = parse.GetRequiredValue(run) }, AdminClient.Options(cancellation));
                var line = RunText.Line(status);
                if (line != last)
                {
                    Console.WriteLine(line);
                    last = line;
                }

                if (status.Summary.State is "completed" or "aborted")
                {
                    return;
                }

                await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
            }
        }));
        return command;
    }

    private static Command Control(string name, string description, ControlRunRequest.Types.Action action, bool needsSite = false, bool needsSeconds = false, bool needsRound = false)
    {
        var run = Run();
        var site = new Option<string>("--site") { Description = "Name of the site.", Required = needsSite };
        var seconds = new Option<int>("--seconds") { Description = "Seconds to extend by, 1..31536000.", Required = needsSeconds };
        var round = new Option<int>("--to") { Description = "Committed round to go on from; 0 is the beginning.", HelpName = "ROUND", Required = needsRound };
        var reason = new Option<string>("--reason") { Description = "Why; goes to the audit log.", DefaultValueFactory = _ => "no reason given" };
        var (dir, url) = (CommandLine.Dir(), CommandLine.Url());
        var command = new Command(name, description) { run, reason, dir, url };
        if (needsSite)
        {
            command.Add(site);
        }

        if (needsSeconds)
        {
            command.Add(seconds);
        }

        if (needsRound)
        {
            command.Add(round);
        }

        command.SetAction((parse, cancellation) => CommandLine.WithAdmin(parse, dir, url, async client =>
        {
            var status = await client.Admin.ControlRunAsync(new ControlRunRequest
            {
                Run = parse.GetRequiredValue(run),
                Action = action,
                Site = needsSite ? parse.GetRequiredValue(site) : "",
                Seconds = needsSeconds ? parse.GetValue(seconds) : 0,
                Round = needsRound ? parse.GetValue(round) : 0,
                Reason = parse.GetRequiredValue(reason),
            }, AdminClient.Options(cancellation));
            Console.WriteLine(RunText.Line(status));
        }));
        return command;
    }
}
