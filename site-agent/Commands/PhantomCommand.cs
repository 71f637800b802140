using System.CommandLine;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Phantom;
using BrainMVP.Federated.Imaging.Phantom.Output;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>phantom</c>: synthetic heads to try things with.</summary>
public static class PhantomCommand
{
    private static readonly string Scanners = string.Join(", ", ScannerPreset.All.Select(p => p.Name));

    private static readonly Option<string> Target = new("--out") { Description = "Folder to write.", HelpName = "DIR", Required = true };
    private static readonly Option<long> Seed = new("--seed") { Description = "The same seed gives the same bytes, 0 or more.", HelpName = "S", DefaultValueFactory = _ => 1 };
    private static readonly Option<int> Cases = new("--cases") { Description = "Number of people, 1 to 9999.", HelpName = "N", DefaultValueFactory = _ => 4 };
    private static readonly Option<string> Scanner = new("--scanner") { Description = $"Scanner: {Scanners}.", HelpName = "NAME", DefaultValueFactory = _ => "north" };
    private static readonly Option<string?> Wanted = new("--modalities") { Description = "Modalities, separated by commas: flair, t1, t1c, t2, mra, pd, dwi, adc. Without it those of the layout, or t1,t2.", HelpName = "t1,t2" };
    private static readonly Option<int> Spacing = new("--spacing") { Description = "Voxel side, 1, 2 or 4 mm.", HelpName = "MM", DefaultValueFactory = _ => 2 };
    private static readonly Option<string?> Prefix = new("--prefix") { Description = "Beginning of the cases' names; other beginnings are other people. The scanner's name without it.", HelpName = "P" };
    private static readonly Option<string?> Disease = new("--disease") { Description = $"Disease: {string.Join(", ", PhantomDiseases.Names)}. Without it that of the layout, or mixed.", HelpName = "NAME" };
    private static readonly Option<string> Layout = new("--layout") { Description = $"Form of the tree: {string.Join(", ", PhantomLayouts.Names)}.", HelpName = "NAME", DefaultValueFactory = _ => PhantomLayouts.Folder };
    private static readonly Option<double> Missing = new("--missing") { Description = "Probability that a person lacks a modality, each on its own, 0 to 0.9. Nobody lacks all.", HelpName = "P", DefaultValueFactory = _ => 0 };
    private static readonly Option<string?> Always = new("--always") { Description = "Modalities that nobody lacks, separated by commas.", HelpName = "t1" };
    private static readonly Option<bool> Classes = new("--class") { Description = "Write a class, 0 or 1, for each person: labels.csv (bids: participants.tsv) and, for the layout folder, manifest.csv. 1 is a high grade for gliomas, otherwise wide ventricles with narrow sulci and dark deep nuclei." };
    private static readonly Option<bool> Labels = new("--labels") { Description = "Write label maps, where the disease has any: true or false.", HelpName = "BOOL", DefaultValueFactory = _ => true };
    private static readonly Option<bool> WholeHead = new("--whole-head") { Description = "Skull, scalp and eyes too instead of the brain alone." };
    private static readonly Option<string?> Montage = new("--montage") { Description = $"Also draw the first {PhantomMontage.MostRows} people with outlines of their labels: a PNG file.", HelpName = "FILE" };
    private static readonly Option<int> Jobs = new("--jobs") { Description = "People made at the same time, 1 to 64; the files do not depend on it.", HelpName = "N", DefaultValueFactory = _ => Math.Min(Environment.ProcessorCount, 8) };

    public static Command Create()
    {
        var command = CommandShape.Create(
            "phantom",
            "Generates synthetic brain MRI of people that do not exist.",
            "phantom --out data --seed 7 --cases 8 --scanner north --modalities t1,t1c,t2,flair",
            "phantom --out data --seed 7 --cases 2 --scanner west --modalities t1,dwi,adc --spacing 4 --prefix hospital-b",
            "phantom --out tumours --cases 16 --disease glioma --modalities t1,t1c,t2,flair --class --montage tumours.png",
            "phantom --out gaps --cases 16 --modalities t1,t1c,t2,flair --missing 0.3 --always t1",
            "phantom --out strokes --cases 8 --layout isles",
            "phantom --out brats --cases 8 --layout brats2023 --spacing 1");
        foreach (var option in (Option[])[Target, Seed, Cases, Scanner, Wanted, Spacing, Prefix, Disease, Layout, Missing, Always, Classes, Labels, WholeHead, Montage, Jobs])
        {
            command.Add(option);
        }

        command.Does((result, _, cancellation) =>
        {
            var target = Path.GetFullPath(result.GetValue(Target)!);
            var (request, output) = (Request(result), Output(result));
            try
            {
                var written = PhantomDataset.Write(target, request, output, new InOrder(), cancellation);
                Console.WriteLine($"Wrote {written.Count} cases to {target}.");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw ErrorCatalogue.ArgumentInvalid.With($"{target}{(output.Montage is null ? "" : $" or {output.Montage}")} cannot be written: {e.Message}", e);
            }

            return Task.CompletedTask;
        });
        return command;
    }

    private static PhantomRequest Request(ParseResult result)
    {
        var number = result.GetValue(Seed);
        if (number < 0)
        {
            throw ErrorCatalogue.ArgumentInvalid.With("--seed must be 0 or more.");
        }

        var layout = result.GetValue(Layout)!;
        return new PhantomRequest
        {
            Seed = (ulong)number,
            Site = result.GetValue(Prefix) ?? result.GetValue(Scanner)!,
            Scanner = result.GetValue(Scanner)!,
            Modalities = result.GetValue(Wanted) is { } modalities ? List(modalities) : PhantomLayouts.ModalitiesOf(layout),
            Cases = result.GetValue(Cases),
            SpacingMm = result.GetValue(Spacing),
            Disease = result.GetValue(Disease) is { } disease ? PhantomDiseases.Find(disease) : PhantomLayouts.DiseaseOf(layout),
            WholeHead = result.GetValue(WholeHead),
            Missing = result.GetValue(Missing),
            Always = List(result.GetValue(Always) ?? ""),
        };
    }

    private static PhantomOutput Output(ParseResult result) => new()
    {
        Layout = result.GetValue(Layout)!,
        Labels = result.GetValue(Labels),
        Classes = result.GetValue(Classes),
        Jobs = result.GetValue(Jobs),
        Montage = result.GetValue(Montage) is { } file ? Path.GetFullPath(file) : null,
    };

    private static string[] List(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A line a person; the library's own progress class would reorder them.</summary>
    private sealed class InOrder : IProgress<PhantomProgress>
    {
        public void Report(PhantomProgress value) => Console.WriteLine($"{value.Subject} ({value.Done} of {value.Of})");
    }
}
