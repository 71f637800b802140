using System.CommandLine;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Transport;
using Google.Protobuf;

namespace BrainMVP.Federated.Aggregator.Commands;

/// <summary><c>aggregator run submit</c></summary>
public static class SubmitCommand
{
    public static Command Create()
    {
        var plan = new Argument<string>("plan") { Description = "Plan as YAML." };
        var run = new Option<string>("--run") { Description = "Name of the run: a-z, 0-9, hyphen.", Required = true };
        var model = new Option<string?>("--model") { Description = "Initial model (safetensors), for example of `site-agent model init`." };
        var templates = new Option<string?>("--templates") { Description = "Folder with initial templates, MODALITY.safetensors, for example of `site-agent model init --from`; without it templates start from zero." };
        var from = new Option<string?>("--from") { Description = "Instead of --model: the model and templates of another run, RUN or RUN@ROUND.", HelpName = "RUN[@ROUND]" };
        var sites = new Option<string>("--sites") { Description = "Sites to invite, separated by commas.", Required = true };
        var draft = new Option<bool>("--draft") { Description = "Keep the run from the sites until `aggregator run start`." };
        var (dir, url) = (CommandLine.Dir(), CommandLine.Url());
        var command = new Command("submit", """
            Starts a run. Repeating the same command changes nothing.

            Examples:
              aggregator run submit plan.yaml --run first --model init.safetensors --sites north,south
              aggregator run submit plan.yaml --run second --from first@12 --sites north,south,east
            """) { plan, run, model, templates, from, sites, draft, dir, url };
        command.SetAction((parse, cancellation) => CommandLine.WithAdmin(parse, dir, url, async client =>
        {
            var read = PlanReader.ReadFile(parse.GetRequiredValue(plan));
            var bytes = CanonicalJson.Serialize(read);
            var name = parse.GetRequiredValue(run);
            var request = new SubmitRunRequest { Token = AdminClient.SubmissionToken(name, bytes), Run = name, Plan = ByteString.CopyFrom(bytes) };
            var source = parse.GetValue(from);
            if ((source is null) == (parse.GetValue(model) is null) || (source is not null && parse.GetValue(templates) is not null))
            {
                throw ErrorCatalogue.ArgumentInvalid.With("A run starts either from --model (and --templates) or from another run's --from RUN[@ROUND].");
            }

            if (source is not null)
            {
                (await RunSource.Find(client, source, cancellation)).StartInto(request, read.Modalities);
            }
            else
            {
                await Upload(client, request, read, parse.GetRequiredValue(model)!, parse.GetValue(templates), cancellation);
            }

            request.Sites.Add(parse.GetRequiredValue(sites).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            request.Draft = parse.GetValue(draft);
            var response = await client.Admin.SubmitRunAsync(request, AdminClient.Options(cancellation));
            Console.WriteLine(request.Draft
                ? $"Run {response.Run} is a draft of plan {response.PlanHash}; show it to its sites with: aggregator run start {response.Run}"
                : $"Run {response.Run} waits for approvals of plan {response.PlanHash}");
        }));
        return command;
    }

    private static async Task Upload(AdminClient client, SubmitRunRequest request, Plan plan, string model, string? templates, CancellationToken cancellation)
    {
        if (!File.Exists(model))
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"--model: {model} does not exist.");
        }

        var initial = TemplateFiles(plan, templates);
        request.InitialModel = await client.Upload(model, cancellation);
        foreach (var (modality, path) in initial)
        {
            request.InitialTemplates.Add(modality, await client.Upload(path, cancellation));
        }
    }

    /// <summary>The files of a folder that are templates of the plan's modalities.</summary>
    private static (string Modality, string Path)[] TemplateFiles(Plan plan, string? folder)
    {
        if (folder is null)
        {
            return [];
        }

        var files = plan.Modalities.Select(m => (Modality: m, Path: Path.Combine(folder, m + ".safetensors"))).Where(f => File.Exists(f.Path)).ToArray();
        return files.Length > 0
            ? files
            : throw ErrorCatalogue.ArgumentInvalid.With($"--templates: {folder} holds no template of {string.Join(", ", plan.Modalities)}; they are named MODALITY.safetensors.");
    }
}
