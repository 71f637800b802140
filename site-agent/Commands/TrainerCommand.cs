using System.CommandLine;
using BrainMVP.Federated.SiteAgent.Trainer;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>trainer</c>: the child process. Started by the agent, not by people.</summary>
public static class TrainerCommand
{
    public static Command Create()
    {
        var job = new Option<string>("--job") { Description = "Job file.", HelpName = "FILE", Required = true };
        var command = CommandShape.Create("trainer", "Runs one job of the agent. Ends when its standard input ends.", "trainer --job /var/lib/site-agent/runs/run-1/prepare/job.json");
        command.Hidden = true;
        command.Add(job);
        command.SetAction(result => TrainerMain.Run(result.GetValue(job)!));
        return command;
    }
}
