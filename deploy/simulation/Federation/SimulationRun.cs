using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Simulation.Commands;
using BrainMVP.Federated.Simulation.Faults;
using BrainMVP.Federated.Simulation.Processes;
using BrainMVP.Federated.Simulation.Progress;
using BrainMVP.Federated.Simulation.Report;
using BrainMVP.Federated.Simulation.Results;
using BrainMVP.Federated.Trust.Transport;

namespace BrainMVP.Federated.Simulation.Federation;

/// <summary>
/// One simulation from an empty folder to the report. It does what people would do, with the same commands: create a
/// consortium, invite and enrol sites, submit a plan, approve it at each site, watch, export.
/// </summary>
public sealed class SimulationRun(SimulationOptions options)
{
    private const string RunName = "simulation";
    private static readonly TimeSpan CommandLimit = TimeSpan.FromMinutes(5);

    private readonly Timings _timings = new(TimeProvider.System);

    /// <exception cref="FederationException">BMF-1601 or BMF-1602 when the run does not complete; every process is ended first.</exception>
    public async Task Execute(CancellationToken cancellation)
    {
        if (options.PhantomSpacing is not (1 or 2 or 4))
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"--phantom-spacing is {options.PhantomSpacing}; it must be 1, 2 or 4.");
        }

        if (options.Port is < 0 or > 65535)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"--port is {options.Port}; it must be in 0..65535.");
        }

        var plan = ReadPlan();
        if (!plan.IsSupervised() && (options.Encoder ?? options.Templates) is not null)
        {
            throw ErrorCatalogue.ArgumentInvalid.With("--encoder and --templates are for supervised plans (downstream.kind).");
        }

        var sites = SiteSpecification.From(options);
        plan = plan with { Quorum = plan.Quorum with { MinimumSites = Math.Min(plan.Quorum.MinimumSites, sites.Count) } };
        PlanRules.Check(plan);
        if (options.Silos is < 1 or > 8 || (options.Silos > 1 && !options.Postgres))
        {
            throw ErrorCatalogue.ArgumentInvalid.With(options.Silos is < 1 or > 8 ? $"--silos is {options.Silos}; it must be in 1..8." : "--silos needs --postgres: several processes share their state there.");
        }

        var orders = FaultOrders.Read(options.Faults, sites, plan, options.Postgres ? options.Silos : 0);
        var executables = Executables.Find();
        using var folder = SimulationFolder.Take(options.Out, options.AggregatorFolder);
        DurableFile.WriteAllText(folder.Plan, PlanWriter.Write(plan));
        Directory.CreateDirectory(folder.Faults);
        var faults = new FaultWatch(orders, folder.Faults);

        RunStatus? status = null;
        FederationException? failure = null;
        IReadOnlyList<SiteData> data = [];
        ListSitesResponse profiles = new();
        Directory.CreateDirectory(folder.Logs);
        var postgres = options.Postgres ? new PrivatePostgres(folder.Log("postgres")) : null;
        var central = new CentralSide(executables, folder, options.Port, options.Silos, postgres, options.Bucket, faults);
        await using (var federation = new SimulatedFederation(executables, folder, sites, plan, central, postgres, options.Device, faults))
        {
            try
            {
                data = await _timings.Measure("data", () => PrepareData(executables, folder, sites, plan, cancellation));
                await _timings.Measure("setup", () => federation.Start(data, cancellation));
                using var admin = federation.Administrator();
                await _timings.Measure("submit", () => Submit(executables, folder, federation, plan, sites, options, cancellation));
                status = await _timings.Measure("training", () => new RunFollower(admin, federation, faults, RunName, folder.Root, options.PauseLimitSeconds).Follow(cancellation));
                profiles = await admin.Admin.ListSitesAsync(new ListSitesRequest(), AdminClient.Options(cancellation));
                if (status.Summary.CommittedRounds > 0)
                {
                    await _timings.Measure("export", () => Tool.Run(executables.Aggregator, ["run", "export", RunName, .. plan.IsSupervised() ? (string[])[] : ["--history"], "--out", folder.Root, "--dir", folder.Aggregator, "--url", federation.Url], CommandLimit, cancellation));
                }

                failure = FailureOf(status, folder);
            }
            finally
            {
                await _timings.Measure("stop", () => federation.Stop());
            }
        }

        var results = await _timings.Measure("evaluation", () => Task.Run(() => SimulationResults.Collect(folder, plan, data, status, profiles, cancellation), cancellation));
        results = results with { Timings = _timings.Seconds, Faults = faults.Results };
        DurableFile.WriteAllText(folder.Summary, CanonicalJson.ToReadable(results.Summary()));
        DurableFile.WriteAllText(folder.Report, HtmlReport.Write(results, folder));
        if (plan.IsSupervised())
        {
            KeepSiteModels(folder, sites);
        }

        if (!options.Keep && failure is null)
        {
            Directory.Delete(folder.Work, recursive: true);
        }

        Closing.Print(results, folder);
        if (failure is not null)
        {
            throw failure;
        }
    }

    /// <summary>A site that is not there at the end has none.</summary>
    private static void KeepSiteModels(SimulationFolder folder, IReadOnlyList<SiteSpecification> sites)
    {
        foreach (var site in sites)
        {
            var (source, target) = (Path.Combine(folder.Site(site.Name), "runs", RunName, "model"), folder.SiteModel(site.Name));
            foreach (var file in Directory.Exists(source) ? Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories) : [])
            {
                var copy = Path.Combine(target, Path.GetRelativePath(source, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
        }
    }

    /// <summary>Why a run that ended without completing did so, or null.</summary>
    private static FederationException? FailureOf(RunStatus status, SimulationFolder folder)
    {
        if (status.Summary.State == "completed")
        {
            return null;
        }

        var reasons = RunFollower.WhySitesAreOut(status);
        if (status.Summary.State == "paused" && reasons.Count > 0 && ErrorCatalogue.Find(reasons[0].Split(':')[0]) is { } shared
            && reasons.All(r => r.StartsWith(shared.Id, StringComparison.Ordinal)))
        {
            return shared.With($"The run is paused: {status.Summary.Reason} {folder.Report} has the details.");
        }

        // The disk is this machine's own: its number says at once what to do.
        if (status.Summary.State == "paused" && status.Summary.Reason.StartsWith(ErrorCatalogue.DiskFull.Id, StringComparison.Ordinal))
        {
            return ErrorCatalogue.DiskFull.With($"The run is paused: {status.Summary.Reason}");
        }

        return (status.Summary.State == "paused" ? ErrorCatalogue.SimulationPaused : ErrorCatalogue.SimulationFailed)
            .With($"The run is {status.Summary.State}: {status.Summary.Reason}");
    }

    private Plan ReadPlan()
    {
        var plan = options.Plan is null ? Presets.Create(Presets.Demo) : PlanReader.ReadFile(options.Plan);
        return plan with
        {
            Seed = options.Seed ?? plan.Seed,
            Rounds = plan.Rounds with { Count = options.Rounds ?? plan.Rounds.Count, LocalSteps = options.LocalSteps ?? plan.Rounds.LocalSteps },
        };
    }

    private async Task<IReadOnlyList<SiteData>> PrepareData(Executables executables, SimulationFolder folder, IReadOnlyList<SiteSpecification> sites, Plan plan, CancellationToken cancellation)
    {
        var phantoms = sites.Where(s => s.Data is null).ToArray();
        if (phantoms.Length > 0)
        {
            Console.WriteLine($"Generating {phantoms.Sum(p => p.Cases)} phantom cases for {phantoms.Length} sites ...");
        }

        await Parallel.ForEachAsync(phantoms, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellation }, async (site, token) =>
            await Tool.Run(executables.SiteAgent,
            [
                "phantom", "--out", folder.Data(site.Name), "--seed", plan.Seed.ToString(CultureInfo.InvariantCulture),
                "--cases", site.Cases.ToString(CultureInfo.InvariantCulture), "--scanner", site.Scanner, "--prefix", site.Name,
                "--modalities", string.Join(',', site.Modalities), "--spacing", options.PhantomSpacing.ToString(CultureInfo.InvariantCulture),
                .. plan.IsSupervised() ? (string[])["--disease", "glioma", "--class"] : [],
            ], CommandLimit, token));
        return [.. sites.Select(s => new SiteData(s, s.Data ?? folder.Data(s.Name)))];
    }

    private static async Task Submit(Executables executables, SimulationFolder folder, SimulatedFederation federation, Plan plan, IReadOnlyList<SiteSpecification> sites, SimulationOptions options, CancellationToken cancellation)
    {
        string[] encoder = options.Encoder is { } path ? ["--encoder", path] : [];
        await Tool.Run(executables.SiteAgent, ["model", "init", folder.Plan, .. encoder, "--out", folder.InitialModel], CommandLimit, cancellation);
        string[] templates = TemplatesFor(options) is { } bank ? ["--templates", bank] : [];
        await Tool.Run(executables.Aggregator,
            ["run", "submit", folder.Plan, "--run", RunName, "--model", folder.InitialModel, .. templates, "--sites", string.Join(',', sites.Select(s => s.Name)), "--dir", folder.Aggregator, "--url", federation.Url], CommandLimit, cancellation);
        var hash = CanonicalJson.Hash(plan);
        Console.WriteLine($"Plan {hash} is submitted; each site approves it in its own name.");
        await federation.ApproveEverywhere(hash, cancellation);
    }

    private static string? TemplatesFor(SimulationOptions options)
    {
        var beside = options.Encoder is { } encoder ? Path.Combine(Directory.Exists(encoder) ? encoder : Path.GetDirectoryName(encoder)!, "templates") : null;
        return options.Templates ?? (Directory.Exists(beside) ? beside : null);
    }
}

/// <summary>Where a site's volumes lie.</summary>
public sealed record SiteData(SiteSpecification Site, string Folder);
