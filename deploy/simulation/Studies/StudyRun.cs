using System.Globalization;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Simulation.Processes;

namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>One study from people that do not exist to tables and curves.</summary>
internal sealed class StudyRun(StudyOptions options)
{
    /// <exception cref="FederationException">BMF-1006, BMF-1603, or what a stage ended with; the same command goes on where it stopped.</exception>
    public async Task Execute(CancellationToken cancellation)
    {
        if (options.Seeds is < 1 or > 100 || options.TestCases is < 2 or > 9999 || options.Seed < 0)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"--seeds is {options.Seeds} and must be in 1..100; --test-cases is {options.TestCases} and must be in 2..9999; --seed is {options.Seed} and must not be negative.");
        }

        var (study, size) = (Study.Find(options.Study), options.Full ? StudySize.Full : StudySize.Small);
        var folder = StudyFolder.Take(options);
        using var guard = FolderLock.Take(Path.Combine(options.Out, "study.lock"));
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var stages = new Stages(folder, new StudyConsole(TimeProvider.System), failed.Token);
        var work = new StudyWork(options, size, Executables.Find(), stages);
        Console.WriteLine($"{study.Title}: {study.Methods.Count} methods, {options.Seeds} seeds, {size.Sites.Count} sites with {options.TestCases} test people each.");
        var segmentation = await Collect(study, TaskKinds.Segmentation, size, work, failed);
        var classification = study.Classifies ? await Collect(study, TaskKinds.Classification, size, work, failed) : null;
        var matrix = study.Matrix is { } name ? await Matrix(study.Methods.Single(m => m.Name == name), size, work) : null;
        var results = StudyResults.Of(study, options, [.. size.Sites.Select(s => s.Name)], segmentation, classification, matrix);
        DurableFile.WriteAllText(folder.Summary, CanonicalJson.ToReadable(results));
        DurableFile.WriteAllText(folder.Cases, Table(segmentation, options.Seeds));
        DurableFile.WriteAllText(folder.Report, StudyReport.Write(results));
        StudyText.Print(results, folder.Report);
    }

    private async Task<Dictionary<(string Method, string Site), SiteScores[]>> Collect(Study study, string kind, StudySize size, StudyWork work, CancellationTokenSource failed)
    {
        var started = (from method in study.Methods
                       from site in size.Sites
                       from seed in Enumerable.Range(1, options.Seeds)
                       orderby seed
                       select (Key: (method.Name, site.Name), Folder: work.Measure(kind, method, seed, site, site))).ToArray();
        await AllOrNone([.. started.Select(s => s.Folder)], failed);
        var scores = new Dictionary<(string, string), SiteScores[]>();
        foreach (var group in started.GroupBy(s => s.Key))
        {
            var folders = await Task.WhenAll(group.Select(g => g.Folder));
            scores.Add(group.Key, [.. folders.Select(f => SiteScores.Read(Path.Combine(f, "cases.csv"), kind == TaskKinds.Segmentation))]);
        }

        return scores;
    }

    /// <summary>Rows: site of the model; columns: site of the people; mean Dice of the first seed.</summary>
    private static async Task<double[][]> Matrix(Method method, StudySize size, StudyWork work)
    {
        var rows = size.Sites.Select(home => Task.WhenAll(size.Sites.Select(site => work.Measure(TaskKinds.Segmentation, method, 1, home, site)))).ToArray();
        var folders = await Task.WhenAll(rows);
        return [.. folders.Select(r => r.Select(f => SiteScores.Read(Path.Combine(f, "cases.csv"), segmentation: true).Values.Average()).ToArray())];
    }

    /// <summary>The first failure stops what has not begun, so that its error is not hours away.</summary>
    private static async Task AllOrNone(Task<string>[] tasks, CancellationTokenSource failed)
    {
        var open = tasks.ToList();
        while (open.Count > 0)
        {
            var done = await Task.WhenAny(open);
            open.Remove(done);
            try
            {
                await done;
            }
            catch
            {
                await failed.CancelAsync();
                await Task.WhenAll(open).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                throw;
            }
        }
    }

    private static string Table(Dictionary<(string Method, string Site), SiteScores[]> scores, int seeds)
    {
        var text = new StringBuilder("method,site,seed,case,dice\n");
        foreach (var ((method, site), entries) in scores)
        {
            for (var seed = 0; seed < seeds; seed++)
            {
                foreach (var (name, value) in entries[seed].Names.Zip(entries[seed].Values))
                {
                    text.Append(string.Create(CultureInfo.InvariantCulture, $"{method},{site},{seed + 1},{name},{value:R}\n"));
                }
            }
        }

        return text.ToString();
    }
}
