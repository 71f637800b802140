using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Training.Data;

/// <summary>
/// A site's cases reduced to the plan's modalities and split into training and held-out cases, all examinations of a
/// subject on the same side. The split depends on the seed, the site and the subjects only, so every round and every
/// restart has the same one.
/// </summary>
public sealed class SiteData
{
    private readonly Plan _plan;
    private readonly string _site;

    /// <exception cref="FederationException">BMF-1101 without any case, BMF-1312 without any modality of the plan.</exception>
    public SiteData(Plan plan, string site, IEnumerable<TrainingCase> cases)
    {
        (_plan, _site) = (plan, site);
        var all = cases.OrderBy(c => c.Subject, StringComparer.Ordinal).ThenBy(c => c.Session, StringComparer.Ordinal).ToArray();
        if (all.Length == 0)
        {
            throw ErrorCatalogue.NoUsableCase.With("The prepared data set is empty.");
        }

        var usable = all.Where(c => ModalitiesOf(c).Count > 0).ToArray();
        if (usable.Length == 0)
        {
            throw ErrorCatalogue.NoModality.With($"The plan learns {string.Join(", ", plan.Modalities)}.");
        }

        Owned = Modalities.All.Where(m => usable.Any(c => ModalitiesOf(c).Contains(m, StringComparer.Ordinal))).ToArray();
        var subjects = usable.GroupBy(c => c.Subject, StringComparer.Ordinal).ToArray();
        var order = Enumerable.Range(0, subjects.Length).ToArray();
        new CounterRandom((ulong)plan.Seed, "site", site, "heldOut").Shuffle<int>(order);
        var heldOut = HeldOutCount(subjects.Length, plan.Training.HeldOut);
        HeldOut = order[..heldOut].Order().SelectMany(i => subjects[i]).ToArray();
        Training = order[heldOut..].Order().SelectMany(i => subjects[i]).ToArray();
    }

    /// <summary>Plan modalities that at least one case has, canonical order.</summary>
    public IReadOnlyList<string> Owned { get; }

    public IReadOnlyList<TrainingCase> Training { get; }

    public IReadOnlyList<TrainingCase> HeldOut { get; }

    /// <summary>Plan modalities of one case, canonical order.</summary>
    public IReadOnlyList<string> ModalitiesOf(TrainingCase item) =>
        Modalities.All.Where(m => item.Modalities.Contains(m, StringComparer.Ordinal) && _plan.Modalities.Contains(m, StringComparer.Ordinal)).ToArray();

    /// <summary>
    /// The case of one draw. Draws go through the training cases in shuffled epochs, so that each is used equally often.
    /// </summary>
    /// <param name="draw">0-based number of the draw over the whole run.</param>
    public TrainingCase CaseOf(long draw)
    {
        var (epoch, position) = Math.DivRem(draw, Training.Count);
        var order = Enumerable.Range(0, Training.Count).ToArray();
        new CounterRandom((ulong)_plan.Seed, "site", _site, "epoch", epoch, "order").Shuffle<int>(order);
        return Training[order[position]];
    }

    /// <summary>Number of held-out subjects: the nearest to the fraction, at least one of two, never all.</summary>
    public static int HeldOutCount(int subjects, double fraction) =>
        subjects < 2 ? 0 : Math.Clamp((int)Math.Round(subjects * fraction, MidpointRounding.AwayFromZero), 1, subjects - 1);
}
