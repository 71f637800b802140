using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>Where a study keeps what: people, stages, results.</summary>
internal sealed class StudyFolder
{
    private const string IdentityFile = "study.id";

    private StudyFolder(string root) => Root = root;

    public string Root { get; }

    public string Report => Path.Combine(Root, "report.html");

    public string Summary => Path.Combine(Root, "summary.json");

    public string Cases => Path.Combine(Root, "cases.csv");

    /// <summary>Folder of a stage.</summary>
    public string Stage(string name) => Path.Combine(Root, "stages", name);

    /// <summary>Takes a folder that is new, empty, or holds an earlier part of a study of the same people and size; studies share stages.</summary>
    /// <exception cref="FederationException">BMF-1603 when it holds something else.</exception>
    public static StudyFolder Take(StudyOptions options)
    {
        var identity = CanonicalJson.Hash(new { options.Seed, options.TestCases, options.Full });
        var known = Path.Combine(options.Out, IdentityFile);
        if (File.Exists(known))
        {
            return File.ReadAllText(known) == identity
                ? new StudyFolder(options.Out)
                : throw ErrorCatalogue.OutputNotOurs.With($"{options.Out} holds a study of other people or of another size. Choose another --out.");
        }

        if (Directory.Exists(options.Out) && Directory.EnumerateFileSystemEntries(options.Out).Any())
        {
            throw ErrorCatalogue.OutputNotOurs.With($"{options.Out} is not empty and was not made by a study.");
        }

        Directory.CreateDirectory(options.Out);
        DurableFile.WriteAllText(known, identity);
        return new StudyFolder(options.Out);
    }
}
