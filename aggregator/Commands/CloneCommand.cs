using System.CommandLine;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Transport;
using Google.Protobuf;

namespace BrainMVP.Federated.Aggregator.Commands;

/// <summary><c>aggregator run clone</c>: the same plan and sites once more, from the beginning or from a committed round.</summary>
public static class CloneCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("source") { Description = "RUN@0 repeats it from its initial model, RUN@ROUND goes on from a committed round, RUN from its newest model." };
        var run = new Option<string>("--run") { Description = "Name of the new run: a-z, 0-9, hyphen.", Required = true };
        var sites = new Option<string?>("--sites") { Description = "Sites to invite, separated by commas; by default those of the source." };
        var (dir, url) = (CommandLine.Dir(), CommandLine.Url());
        var command = new Command("clone", """
            Starts a new run with the plan and the sites of another. Each site approves it anew.

            Examples:
              aggregator run clone first@0 --run again
              aggregator run clone first@12 --run from-round-12
            """) { source, run, sites, dir, url };
        command.SetAction((parse, cancellation) => CommandLine.WithAdmin(parse, dir, url, async client =>
        {
            var found = await RunSource.Find(client, parse.GetRequiredValue(source), cancellation);
            var plan = CanonicalJson.Serialize(found.Run.Plan);
            var name = parse.GetRequiredValue(run);
            var request = new SubmitRunRequest { Token = AdminClient.SubmissionToken(name, plan), Run = name, Plan = ByteString.CopyFrom(plan) };
            found.StartInto(request, found.Run.Plan.Modalities);
            request.Sites.Add(parse.GetValue(sites)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? found.Run.Sites);
            var response = await client.Admin.SubmitRunAsync(request, AdminClient.Options(cancellation));
            Console.WriteLine($"Run {response.Run} waits for approvals of plan {response.PlanHash}");
        }));
        return command;
    }
}
