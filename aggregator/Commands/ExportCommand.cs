using System.CommandLine;
using System.Globalization;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Transport;

namespace BrainMVP.Federated.Aggregator.Commands;

/// <summary><c>aggregator run export</c>: everything a run made, in a folder.</summary>
public static class ExportCommand
{
    public static Command Create()
    {
        var run = RunCommands.Run();
        var output = new Option<string>("--out") { Description = "Folder for model, templates and signed documents.", Required = true };
        var history = new Option<bool>("--history") { Description = "Also the templates after every round." };
        var (dir, url) = (CommandLine.Dir(), CommandLine.Url());
        var command = new Command("export", "Fetches the global model, the templates and the signed documents of every round; verifies every byte.") { run, output, history, dir, url };
        command.SetAction((parse, cancellation) => CommandLine.WithAdmin(parse, dir, url, client =>
            Export(client, parse.GetRequiredValue(run), Path.GetFullPath(parse.GetRequiredValue(output)), parse.GetValue(history), cancellation)));
        return command;
    }

    private static async Task Export(AdminClient client, string run, string folder, bool history, CancellationToken cancellation)
    {
        var status = await client.Admin.GetRunStatusAsync(new GetRunStatusRequest { Run = run }, AdminClient.Options(cancellation));
        await client.Download(status.Model, Path.Combine(folder, "global-model.safetensors"), cancellation);
        foreach (var (modality, hash) in status.Templates.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            await client.Download(hash, Path.Combine(folder, "templates", modality + ".safetensors"), cancellation);
        }

        var documents = Path.Combine(folder, "documents");
        await Save(client, run, 0, documents, cancellation);
        foreach (var round in status.Rounds)
        {
            await Save(client, run, round.Round, documents, cancellation);
            foreach (var (modality, hash) in history ? round.Templates.OrderBy(t => t.Key, StringComparer.Ordinal) : Enumerable.Empty<KeyValuePair<string, string>>())
            {
                await client.Download(hash, Path.Combine(folder, "history", round.Round.ToString("D4", CultureInfo.InvariantCulture), modality + ".safetensors"), cancellation);
            }
        }

        Console.WriteLine($"Model {status.Model}, {status.Templates.Count} templates and the documents of {status.Rounds.Count} rounds are in {folder}.");
    }

    private static async Task Save(AdminClient client, string run, int round, string folder, CancellationToken cancellation)
    {
        var response = await client.Admin.GetRoundDocumentsAsync(new GetRoundDocumentsRequest { Run = run, Round = round }, AdminClient.Options(cancellation));
        var name = round == 0 ? "run" : "round-" + round.ToString("D4", CultureInfo.InvariantCulture);
        Write(response.Open, round == 0 ? name : name + "-open");
        Write(response.Roster, name + "-roster");
        Write(response.Commit, name + "-commit");

        void Write(SignedDocument? document, string file)
        {
            if (document is not null)
            {
                DurableFile.WriteAllBytes(Path.Combine(folder, file + ".json"), document.Content.Memory);
                DurableFile.WriteAllBytes(Path.Combine(folder, file + ".json.p7s"), document.Signature.Memory);
            }
        }
    }
}
