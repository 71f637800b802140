using System.CommandLine;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.SiteAgent.Hosting;
using BrainMVP.Federated.SiteAgent.Policy;
using BrainMVP.Federated.Training.Hosting;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>run</c>: the daemon.</summary>
public static class RunCommand
{
    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "Folder or CSV manifest with the site's volumes; remembered in site.yaml.", HelpName = "PATH" };
        var device = new Option<string?>("--device") { Description = "auto (every CUDA device, else the CPU), cpu, cuda, cuda:N or all; remembered in site.yaml.", HelpName = "DEVICE" };
        var command = CommandShape.Create(
            "run",
            "Runs the daemon: dials the aggregator, trains approved plans on the site's data, and stops on Ctrl-C or SIGTERM.",
            "run --data /data/mri",
            "run --device cuda:0 --dir /var/lib/site-agent");
        command.Add(data);
        command.Add(device);
        command.Does(async (result, folder, cancellation) =>
        {
            var path = result.GetValue(data);
            if (path is not null && !Path.Exists(path))
            {
                throw ErrorCatalogue.DataFolderMissing.With($"{path} does not exist.");
            }

            if (result.GetValue(device) is { } word)
            {
                TorchDevices.RequireWord(word);
            }

            folder.RequireEnrolled();

            // A policy that cannot be read must not wait until the first plan to say so.
            PolicyFile.Read(folder.Policy);
            await AgentHost.RunAsync(folder, path, result.GetValue(device), cancellation);
        });
        return command;
    }
}
