using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>What is compared with what.</summary>
/// <param name="Name">Of the command line.</param>
/// <param name="Title">For people.</param>
/// <param name="Methods">In the order of the table.</param>
/// <param name="Comparisons">Paired differences of Dice.</param>
/// <param name="Classifies">Also learn to classify, and print areas under the ROC curve.</param>
/// <param name="Matrix">Method whose models, site by site, are measured on every site's people; null for none.</param>
internal sealed record Study(string Name, string Title, IReadOnlyList<Method> Methods, IReadOnlyList<Comparison> Comparisons, bool Classifies = false, string? Matrix = null)
{
    public const string Heterogeneity = "heterogeneity";
    public const string LabelEfficiency = "label-efficiency";
    public const string Ablation = "ablation";

    /// <summary>Stands for the people of every site in tables.</summary>
    public const string AllSites = "all";

    private static readonly double[] Fractions = [0.2, 0.4, 1];

    public static IReadOnlyList<string> Names { get; } = [Heterogeneity, LabelEfficiency, Ablation];

    /// <summary>Least share of the pooled people's Dice that ours should reach.</summary>
    public const double ShareOfPooled = 0.97;

    /// <exception cref="FederationException">BMF-1006 for an unknown name.</exception>
    public static Study Find(string name) => name switch
    {
        Heterogeneity => new Study(
            name,
            "Unlike hospitals: alone, together by averaging, together by our recipe, and all people in one place",
            [
                new Method("scratch", Setting.Site, null, Recipes.NoTemplates, StudySize.FewLabels),
                new Method("local-only", Setting.Site, Recipes.Ours, Recipes.Templates, StudySize.FewLabels),
                new Method("fedavg", Setting.Federation, Recipes.FedAvg, Recipes.FedAvgLearning, StudySize.FewLabels),
                new Method("ours", Setting.Federation, Recipes.Ours, Recipes.Templates, StudySize.FewLabels),
                new Method("centralised", Setting.Pooled, Recipes.Ours, Recipes.Templates, StudySize.FewLabels),
            ],
            [new Comparison("ours", "scratch", 0), new Comparison("ours", "local-only", 0), new Comparison("ours", "fedavg", null), new Comparison("ours", "centralised", null)],
            Classifies: true,
            Matrix: "local-only"),
        LabelEfficiency => new Study(
            name,
            "Fewer labels: our recipe with a part of the labels, untrained networks with all of them",
            [.. Fractions.SelectMany(f => (Method[])[
                new Method($"scratch-{f * 100:F0}", Setting.Site, null, Recipes.NoTemplates, f),
                new Method($"ours-{f * 100:F0}", Setting.Federation, Recipes.Ours, Recipes.Templates, f)])],
            [new Comparison("ours-40", "scratch-100", -0.01), new Comparison("ours-20", "scratch-100", null), new Comparison("ours-100", "scratch-100", null)]),
        Ablation => new Study(
            name,
            "What each part brings: cross-modal reconstruction, distillation, contrast, templates downstream",
            [
                new Method("untrained", Setting.Federation, null, Recipes.NoTemplates, StudySize.FewLabels),
                new Method("cmr", Setting.Federation, Recipes.CrossModal, Recipes.NoTemplates, StudySize.FewLabels),
                new Method("cmr-md", Setting.Federation, Recipes.Distillation, Recipes.NoTemplates, StudySize.FewLabels),
                new Method("cmr-md-cl", Setting.Federation, Recipes.Ours, Recipes.NoTemplates, StudySize.FewLabels),
                new Method("templates", Setting.Federation, Recipes.Ours, Recipes.Replacement, StudySize.FewLabels),
                .. StudySize.Modalities.SelectMany(m => (Method[])[
                    new Method($"zeros-without-{m}", Setting.Federation, Recipes.Ours, Recipes.NoTemplates, StudySize.FewLabels, Missing: m),
                    new Method($"templates-without-{m}", Setting.Federation, Recipes.Ours, Recipes.Replacement, StudySize.FewLabels, Missing: m)]),
            ],
            [
                new Comparison("cmr", "untrained", null), new Comparison("cmr-md", "cmr", null), new Comparison("cmr-md-cl", "cmr-md", null), new Comparison("templates", "cmr-md-cl", null),
                .. StudySize.Modalities.Select(m => new Comparison($"templates-without-{m}", $"zeros-without-{m}", null)),
            ]),
        _ => throw ErrorCatalogue.ArgumentInvalid.With($"--study is \"{name}\"; it must be one of {string.Join(", ", Names)}."),
    };
}
