using System.CommandLine;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Hosting;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Simulation.Federation;
using BrainMVP.Federated.Simulation.Studies;

namespace BrainMVP.Federated.Simulation.Commands;

/// <summary>The simulation's command line.</summary>
public static class SimulationCommand
{
    public static async Task<int> Run(string[] args)
    {
        var sites = new Option<int?>("--sites") { Description = "Number of phantom sites, 1..16. Without --data only.", HelpName = "N" };
        var rounds = new Option<int?>("--rounds") { Description = "Global rounds, 1..100000; by default the plan's.", HelpName = "R" };
        var steps = new Option<int?>("--local-steps") { Description = "Optimiser steps a site trains in one round; by default the plan's.", HelpName = "K" };
        var seed = new Option<long?>("--seed") { Description = "Seed of phantoms and training, 0 or more; by default the plan's.", HelpName = "S" };
        var plan = new Option<string?>("--plan") { Description = "Plan as YAML; by default the preset demo.", HelpName = "FILE" };
        var encoder = new Option<string?>("--encoder") { Description = "Of a supervised plan: pre-trained model to start from, a file or the folder of an earlier simulation. Untrained without it.", HelpName = "PATH" };
        var templates = new Option<string?>("--templates") { Description = "Folder with templates as MODALITY.safetensors; by default templates/ beside the encoder.", HelpName = "DIR" };
        var data = new Option<string[]>("--data") { Description = "Folder or CSV manifest with real volumes; once for each site.", HelpName = "DIR" };
        var output = new Option<string>("--out") { Description = "Folder for the results; an earlier simulation's results are replaced.", HelpName = "DIR", DefaultValueFactory = _ => "out" };
        var keep = new Option<bool>("--keep") { Description = "Keep the folders of aggregator and sites under OUT/work." };
        var port = new Option<int>("--port") { Description = "Port of the aggregator; 0 takes a free one.", HelpName = "P", DefaultValueFactory = _ => 0 };
        var pause = new Option<int>("--pause-limit") { Description = "Seconds to wait for a person when the run pauses.", HelpName = "S", DefaultValueFactory = _ => 120 };
        var spacing = new Option<int>("--phantom-spacing") { Description = "Voxel side of the phantoms, 1, 2 or 4 mm.", HelpName = "MM", DefaultValueFactory = _ => 2 };
        var device = new Option<string>("--device") { Description = "What every trainer runs on: auto, cpu, cuda, cuda:N or all. Only the CPU gives the same bytes twice.", HelpName = "DEVICE", DefaultValueFactory = _ => "cpu" };
        var silos = new Option<int>("--silos") { Description = "Processes of the aggregator, 1..8; more than one needs --postgres.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var postgres = new Option<bool>("--postgres") { Description = "Keep the aggregator's state in a PostgreSQL that is started for the simulation, instead of its embedded database." };
        var s3 = new Option<string?>("--s3") { Description = "A bucket of an S3-compatible store, as `aggregator serve --s3` takes it. Each silo has a folder of its own then, instead of one that they share.", HelpName = "URL" };
        var fault = new Option<string[]>("--fault")
        {
            Description = "A fault: WHO@round=R,step=S, repeatable. WHO is aggregator, silo:N, postgres, agent:N, trainer:N or network:N, sites counted from 1; S is open, train, report, roster, upload, sum or commit. "
                + "The process is killed by SIGKILL at that point and started again. More: at=before (before the aggregator saves the step), by=term (asked to stop by SIGTERM, as for an update, instead of killed), clock=+1h (of the restarted process), for=10 and stall=50 (seconds and percentage for network:N; without stall the connection is cut).",
            HelpName = "FAULT",
        };
        var aggregatorDir = new Option<string?>("--aggregator-dir") { Description = "Folder of the aggregator, for example on a disk of its own; must not exist yet and is not removed. By default OUT/work/aggregator.", HelpName = "DIR" };
        var study = new Option<string?>("--study") { Description = $"Instead of one simulation a study with tables, intervals and curves: {string.Join(", ", Study.Names)}. Only --out, --seed (of the people), --device and the options below count then; the same command again goes on where it stopped, and studies share what they have in common in one --out.", HelpName = "NAME" };
        var seeds = new Option<int>("--seeds") { Description = "Of a study: trainings of every method.", HelpName = "N", DefaultValueFactory = _ => 3 };
        var tests = new Option<int>("--test-cases") { Description = "Of a study: held-out people of every site.", HelpName = "N", DefaultValueFactory = _ => 64 };
        var full = new Option<bool>("--full") { Description = "Of a study: the published network on 1 mm voxels, for GPUs." };
        var withStdin = new Option<bool>("--stop-with-stdin") { Description = "Also stop when standard input ends: a parent that dies takes the federation along." };
        var root = new RootCommand("""
            Deploys a whole federation on this machine: one aggregator process and a site-agent process for each site with
            its trainer, over mutual TLS. Nothing is mocked: these are the executables that hospitals run.

            Examples:
              simulation --out out
              simulation --sites 3 --rounds 8 --seed 7 --out out
              simulation --data hospital-a --data hospital-b --data hospital-c --out out
              simulation --plan tumours.yaml --encoder out --out tumours
              simulation --sites 3 --fault aggregator@round=1,step=sum --fault agent:2@round=2,step=upload --out out
              simulation --sites 3 --silos 2 --postgres --fault silo:1@round=1,step=sum --out out
              simulation --study heterogeneity --out studies
              simulation --sites 3 --silos 2 --postgres --s3 http://127.0.0.1:9000/brainmvp/simulation --out out
            """)
        {
            sites, rounds, steps, seed, plan, encoder, templates, data, output, keep, port, pause, spacing, device, silos, postgres, s3, fault, aggregatorDir, study, seeds, tests, full, withStdin,
        };
        root.SetAction(async (parse, cancellation) =>
        {
            using var stop = ParentWatch.Link(parse.GetValue(withStdin), cancellation);
            return await (parse.GetValue(study) is { } name ? Guard(() => new StudyRun(new StudyOptions
            {
                Study = name,
                Out = Path.GetFullPath(parse.GetRequiredValue(output)),
                Seeds = parse.GetValue(seeds),
                Seed = parse.GetValue(seed) ?? 1,
                TestCases = parse.GetValue(tests),
                Full = parse.GetValue(full),
                Device = parse.GetValue(device)!,
            }).Execute(stop.Token)) : Guard(() => new SimulationRun(new SimulationOptions
            {
                Sites = parse.GetValue(sites),
                Rounds = parse.GetValue(rounds),
                LocalSteps = parse.GetValue(steps),
                Seed = parse.GetValue(seed),
                Plan = parse.GetValue(plan),
                Encoder = parse.GetValue(encoder) is { } model ? Path.GetFullPath(model) : null,
                Templates = parse.GetValue(templates) is { } bank ? Path.GetFullPath(bank) : null,
                Data = [.. (parse.GetValue(data) ?? []).Select(Path.GetFullPath)],
                Out = Path.GetFullPath(parse.GetRequiredValue(output)),
                Keep = parse.GetValue(keep),
                Port = parse.GetValue(port),
                PauseLimitSeconds = parse.GetValue(pause),
                PhantomSpacing = parse.GetValue(spacing),
                Device = parse.GetValue(device)!,
                AggregatorFolder = parse.GetValue(aggregatorDir) is { } own ? Path.GetFullPath(own) : null,
                Silos = parse.GetValue(silos),
                Postgres = parse.GetValue(postgres),
                Bucket = parse.GetValue(s3),
                Faults = parse.GetValue(fault) ?? [],
            }).Execute(stop.Token)));
        });
        return await root.Parse(args).InvokeAsync(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            // Ending every process takes a moment; without this the command line gives up after two seconds.
            ProcessTerminationTimeout = TimeSpan.FromSeconds(60),
        });
    }

    private static async Task<int> Guard(Func<Task> work)
    {
        try
        {
            await work();
            return 0;
        }
        catch (FederationException e)
        {
            Console.Error.WriteLine(e.ToDisplayText());
            return e.Code.ExitCode;
        }
        catch (Grpc.Core.RpcException e)
        {
            var known = Trust.Transport.RpcErrors.Translate(e);
            Console.Error.WriteLine(known.ToDisplayText());
            return known.Code.ExitCode;
        }
        catch (IOException e) when (DurableFile.IsDiskFull(e))
        {
            Console.Error.WriteLine(ErrorCatalogue.DiskFull.With(e.Message, e).ToDisplayText());
            return ErrorCatalogue.DiskFull.ExitCode;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine(ErrorCatalogue.Cancelled.With("Every process was ended.").ToDisplayText());
            return ErrorCatalogue.Cancelled.ExitCode;
        }
        catch (Exception e)
        {
            Console.Error.WriteLine(ErrorCatalogue.Unexpected.With(e.ToString(), e).ToDisplayText());
            return ErrorCatalogue.Unexpected.ExitCode;
        }
    }
}
