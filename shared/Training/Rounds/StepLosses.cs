namespace BrainMVP.Federated.Training.Rounds;

/// <summary>Losses of one step, means over its micro-batches, and their sums over a round.</summary>
/// <param name="Total">The weighted objective.</param>
/// <param name="TemplateView">Mean squared error of view 1.</param>
/// <param name="CrossModalView">Mean squared error of view 2, also while it is filled with the template.</param>
/// <param name="Contrastive">InfoNCE; 0 before its start.</param>
internal readonly record struct StepLosses(double Total, double TemplateView, double CrossModalView, double Contrastive)
{
    public static StepLosses operator +(StepLosses a, StepLosses b) =>
        new(a.Total + b.Total, a.TemplateView + b.TemplateView, a.CrossModalView + b.CrossModalView, a.Contrastive + b.Contrastive);

    public static StepLosses operator /(StepLosses a, double divisor) =>
        new(a.Total / divisor, a.TemplateView / divisor, a.CrossModalView / divisor, a.Contrastive / divisor);

    public static StepLosses operator *(StepLosses a, double factor) =>
        new(a.Total * factor, a.TemplateView * factor, a.CrossModalView * factor, a.Contrastive * factor);

    public bool IsFinite => double.IsFinite(Total) && double.IsFinite(TemplateView) && double.IsFinite(CrossModalView) && double.IsFinite(Contrastive);

    public static StepLosses FromDictionary(IReadOnlyDictionary<string, double> values) =>
        new(values["total"], values["templateView"], values["crossModalView"], values["contrastive"]);

    public IReadOnlyDictionary<string, double> ToDictionary() => new SortedDictionary<string, double>(StringComparer.Ordinal)
    {
        ["total"] = Total,
        ["templateView"] = TemplateView,
        ["crossModalView"] = CrossModalView,
        ["contrastive"] = Contrastive,
    };
}
