using System.CommandLine;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Phantom;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>phantom</c>: synthetic heads to try things with.</summary>
public static class PhantomCommand
{
    public static Command Create()
    {
        var target = new Option<string>("--out") { Description = "Folder to write; a folder a case.", HelpName = "DIR", Required = true };
        var seed = new Option<long>("--seed") { Description = "The same seed gives the same bytes, 0 or more.", HelpName = "S", DefaultValueFactory = _ => 1 };
        var cases = new Option<int>("--cases") { Description = "Number of people, 1 to 9999.", HelpName = "N", DefaultValueFactory = _ => 4 };
        var scanner = new Option<string>("--scanner") { Description = "Scanner: north, south, east, west.", HelpName = "NAME", DefaultValueFactory = _ => "north" };
        var modalities = new Option<string>("--modalities") { Description = "Modalities, separated by commas: flair, t1, t1c, t2, mra, pd, dwi, adc.", HelpName = "t1,t2", DefaultValueFactory = _ => "t1,t2" };
        var spacing = new Option<int>("--spacing") { Description = "Voxel side, 1, 2 or 4 mm.", HelpName = "MM", DefaultValueFactory = _ => 2 };
        var prefix = new Option<string?>("--prefix") { Description = "Beginning of the cases' names; other beginnings are other people. The scanner's name without it.", HelpName = "P" };
        var command = CommandShape.Create(
            "phantom",
            "Generates synthetic brain MRI of people that do not exist.",
            "phantom --out data --seed 7 --cases 8 --scanner north --modalities t1,t1c,t2,flair",
            "phantom --out data --seed 7 --cases 2 --scanner west --modalities t1,dwi,adc --spacing 4 --prefix hospital-b");
        foreach (var option in (Option[])[target, seed, cases, scanner, modalities, spacing, prefix])
        {
            command.Add(option);
        }

        command.Does((result, _, cancellation) =>
        {
            var number = result.GetValue(seed);
            if (number < 0)
            {
                throw ErrorCatalogue.ArgumentInvalid.With("--seed must be 0 or more.");
            }

            var request = new PhantomRequest
            {
                Seed = (ulong)number,
                Site = result.GetValue(prefix) ?? result.GetValue(scanner)!,
                Scanner = result.GetValue(scanner)!,
                Modalities = result.GetValue(modalities)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                Cases = result.GetValue(cases),
                SpacingMm = result.GetValue(spacing),
            };
            var written = PhantomDataset.Write(Path.GetFullPath(result.GetValue(target)!), request, cancellation: cancellation);
            Console.WriteLine($"Wrote {written.Count} cases to {Path.GetFullPath(result.GetValue(target)!)}.");
            return Task.CompletedTask;
        });
        return command;
    }
}
