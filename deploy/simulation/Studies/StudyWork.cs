using System.Globalization;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Simulation.Processes;

namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>The stages of a study, with the commands that people use: phantom, pretrain, a simulated federation, finetune, predict, evaluate.</summary>
internal sealed class StudyWork(StudyOptions options, StudySize size, Executables executables, Stages stages)
{
    private static readonly TimeSpan Limit = TimeSpan.FromDays(30);

    /// <summary>People of one site.</summary>
    /// <param name="site">The site.</param>
    /// <param name="what">unlabelled, labelled or test.</param>
    public Task<string> People(StudySite site, string what) => stages.Run($"people/{site.Name}-{what}", async (folder, ct) =>
    {
        var count = what switch { "unlabelled" => site.Unlabelled, "labelled" => site.Labelled, _ => options.TestCases };
        await Tool.RunLong(executables.SiteAgent,
        [
            "phantom", "--out", folder, "--seed", Text(options.Seed), "--cases", Text(count), "--scanner", site.Scanner, "--prefix", $"{site.Name}-{what}",
            "--modalities", string.Join(',', site.Modalities), "--spacing", Text(size.Spacing), "--disease", "glioma", "--class", "--jobs", "1",
        ], Limit, ct);
    });

    /// <summary>The model of a method for a site, learned from labels.</summary>
    /// <param name="kind">One of <see cref="TaskKinds"/>.</param>
    /// <param name="method">How it is learned.</param>
    /// <param name="seed">Of the training.</param>
    /// <param name="site">The site; of a federation and of pooled people all sites have the same model.</param>
    public Task<string> Learn(string kind, Method method, int seed, StudySite site)
    {
        var plan = StudyPlans.Learning(size, kind, method, seed);
        var encoder = method.Pretraining is { } recipe ? Pretrain(recipe, method.Setting, seed, site) : null;
        var data = kind == TaskKinds.Segmentation
            ? Data(method.Setting, s => Outlined(s, method.Labels, seed), Outlines(method.Labels, seed), site)
            : Data(method.Setting, Unlabelled, "unlabelled", site);
        return stages.Run($"seed-{seed}/{kind}/{method.Training}{Suffix(method.Setting, site)}", async (folder, ct) =>
        {
            string[] start = encoder is null ? [] : ["--encoder", await encoder];
            if (method.Setting == Setting.Federation)
            {
                var file = folder + ".yaml";
                DurableFile.WriteAllText(file, PlanWriter.Write(plan));
                await Simulate(["--plan", file, .. start, .. await Sites(data)], folder, ct);
                return;
            }

            var task = folder + ".yaml";
            DurableFile.WriteAllText(task, PlanWriter.Write(StudyPlans.Task(plan, method.Setting, size.Sites.Count)));
            await Tool.RunLong(executables.SiteAgent, ["finetune", "--task", task, .. start, "--data", (await Task.WhenAll(data)).Single(), "--device", options.Device, "--out", folder], Limit, ct);
        }, encoder is null ? data : [encoder, .. data]);
    }

    /// <summary>The model that a site uses: the federation's with what the site keeps of its own.</summary>
    private Task<string> Model(string kind, Method method, int seed, StudySite site)
    {
        var learned = Learn(kind, method, seed, site);
        return method.Setting == Setting.Federation ? SiteModel(learned, site) : learned;
    }

    private static async Task<string> SiteModel(Task<string> federation, StudySite site) => Path.Combine(await federation, "models", site.Name);

    /// <summary>People for pre-training: nobody outlined their tumours, and what was diagnosed is known of everyone.</summary>
    private Task<string> Unlabelled(StudySite site) => People(site, "unlabelled");

    /// <summary>A site's people with outlines of which a method may use a part: the same people for every method, the fewer among the more.</summary>
    /// <returns>A manifest of them.</returns>
    private Task<string> Outlined(StudySite site, double part, int seed)
    {
        var people = People(site, "labelled");
        return Manifest(stages.Run($"people/{site.Name}-{Outlines(part, seed)}", async (folder, _) =>
        {
            var manifest = await StudyPeople.Read(Path.Combine(await people, "manifest.csv"));
            manifest.Part(part, new CounterRandom((ulong)seed, "outlined", site.Name)).Write(folder);
        }, people));
    }

    private static string Outlines(double part, int seed) => string.Create(CultureInfo.InvariantCulture, $"labelled-{part * 100:F0}-{seed}");

    /// <summary>Labels a site's test people and compares them with the truth.</summary>
    /// <param name="kind">One of <see cref="TaskKinds"/>.</param>
    /// <param name="method">Whose model.</param>
    /// <param name="seed">Of the training.</param>
    /// <param name="home">Site of the model.</param>
    /// <param name="site">Site of the people.</param>
    /// <returns>Folder with cases.csv.</returns>
    public Task<string> Measure(string kind, Method method, int seed, StudySite home, StudySite site)
    {
        // What the people do not have need not be hidden.
        method = method.Missing is { } absent && !site.Modalities.Contains(absent, StringComparer.Ordinal) ? method with { Missing = null } : method;
        var (model, people) = (Model(kind, method, seed, home), People(site, "test"));
        var suffix = $"{method.Training}{(method.Setting == Setting.Federation ? "-" + home.Name : Suffix(method.Setting, home))}-on-{site.Name}{(method.Missing is { } hidden ? $"-without-{hidden}" : "")}";
        return stages.Run($"seed-{seed}/{kind}-scores/{suffix}", async (folder, ct) =>
        {
            var (trained, data, predictions) = (await model, await people, folder + "-predictions");
            string[] missing = method.Missing is { } modality ? ["--missing", modality] : [];
            await Tool.RunLong(executables.SiteAgent, ["predict", "--model", trained, .. missing, "--data", data, "--device", options.Device, "--out", predictions], Limit, ct);
            await Tool.RunLong(executables.SiteAgent, ["evaluate", "--predictions", predictions, "--data", data, "--out", folder], Limit, ct);
            Directory.Delete(predictions, recursive: true);
        }, model, people);
    }

    private Task<string> Pretrain(Recipe recipe, Setting setting, int seed, StudySite site)
    {
        var data = Data(setting, Unlabelled, "unlabelled", site);
        return stages.Run($"seed-{seed}/pretraining/{setting}-{recipe.Name}{Suffix(setting, site)}".ToLowerInvariant(), async (folder, ct) =>
        {
            var file = folder + ".yaml";
            var plan = StudyPlans.Pretraining(size, recipe, seed);
            DurableFile.WriteAllText(file, PlanWriter.Write(setting == Setting.Pooled ? Pooled(plan) : plan));
            if (setting == Setting.Federation)
            {
                await Simulate(["--plan", file, .. await Sites(data)], folder, ct);
                return;
            }

            await Tool.RunLong(executables.SiteAgent, ["pretrain", "--plan", file, "--data", (await Task.WhenAll(data)).Single(), "--device", options.Device, "--out", folder], Limit, ct);
        }, data);
    }

    /// <summary>As many samples a step as all sites together have.</summary>
    private Plan Pooled(Plan plan) => plan with { Training = plan.Training with { Accumulation = plan.Training.Accumulation * size.Sites.Count } };

    /// <summary>What each trainer of a setting is given: its own people's folder or manifest, or one manifest of all sites' people.</summary>
    private Task<string>[] Data(Setting setting, Func<StudySite, Task<string>> people, string name, StudySite site) => setting switch
    {
        Setting.Site => [people(site)],
        Setting.Federation => [.. size.Sites.Select(people)],
        _ => [PooledPeople([.. size.Sites.Select(people)], name)],
    };

    private Task<string> PooledPeople(Task<string>[] people, string name) => Manifest(stages.Run($"people/pooled-{name}", async (folder, _) =>
    {
        var manifests = new List<StudyPeople>();
        foreach (var site in await Task.WhenAll(people))
        {
            manifests.Add(await StudyPeople.Read(Directory.Exists(site) ? Path.Combine(site, "manifest.csv") : site));
        }

        StudyPeople.Together(manifests).Write(folder);
    }, people));

    private static async Task<string> Manifest(Task<string> folder) => Path.Combine(await folder, "manifest.csv");

    private async Task<string[]> Sites(Task<string>[] data) => [.. (await Task.WhenAll(data)).SelectMany(d => (string[])["--data", d]), "--device", options.Device];

    /// <summary>A federation of real processes, by this same command.</summary>
    private static async Task Simulate(string[] arguments, string folder, CancellationToken cancellation)
    {
        var self = Environment.ProcessPath!;
        string[] program = Path.GetFileNameWithoutExtension(self) == "dotnet" ? [Path.Combine(AppContext.BaseDirectory, "simulation.dll")] : [];
        await Tool.RunLong(self, [.. program, .. arguments, "--out", folder], Limit, cancellation);
    }

    private static string Suffix(Setting setting, StudySite site) => setting == Setting.Site ? "-" + site.Name : "";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
