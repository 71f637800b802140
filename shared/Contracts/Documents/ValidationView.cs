using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Contracts.Documents;

/// <summary>What was reconstructed from what. Documents name it <c>t1</c> or <c>t1-from-t2</c>.</summary>
/// <param name="Target">Modality that is reconstructed.</param>
/// <param name="Source">Modality whose voxels filled the masked ones; null for the template view, where the target's template did.</param>
public sealed record ValidationView(string Target, string? Source = null)
{
    private const string Between = "-from-";

    /// <summary>The key in documents.</summary>
    public string Name => Source is null ? Target : Target + Between + Source;

    /// <summary>Reads a key. Null when it names no view of these modalities.</summary>
    public static ValidationView? Find(string name, IReadOnlyList<string> modalities)
    {
        var at = name.IndexOf(Between, StringComparison.Ordinal);
        var view = at < 0 ? new ValidationView(name) : new ValidationView(name[..at], name[(at + Between.Length)..]);
        return modalities.Contains(view.Target, StringComparer.Ordinal)
            && (view.Source is null || (view.Source != view.Target && modalities.Contains(view.Source, StringComparer.Ordinal)))
            ? view
            : null;
    }

    /// <summary>Every view of some modalities: target after target in canonical order, the template view first.</summary>
    public static IEnumerable<ValidationView> All(IReadOnlyCollection<string> modalities)
    {
        var ordered = Modalities.All.Where(m => modalities.Contains(m, StringComparer.Ordinal)).ToArray();
        return ordered.SelectMany(target => ordered.Where(source => source != target).Select(source => new ValidationView(target, source)).Prepend(new ValidationView(target)));
    }
}
