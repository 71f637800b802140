using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>
/// Which cases train, validate and test. All sessions of a subject are on the same side. Subjects are shuffled by the
/// task's seed and dealt out class by class, so that every fold and every part of the labels has all classes; the
/// labels of a smaller part are among those of a larger one.
/// </summary>
public sealed class FinetuneSplit
{
    private FinetuneSplit(IReadOnlyList<LabelledCase> training, IReadOnlyList<LabelledCase> validation, IReadOnlyList<LabelledCase> test)
    {
        (Training, Validation, Test) = (training, validation, test);
    }

    /// <summary>In ordinal order of names.</summary>
    public IReadOnlyList<LabelledCase> Training { get; }

    public IReadOnlyList<LabelledCase> Validation { get; }

    public IReadOnlyList<LabelledCase> Test { get; }

    /// <summary>What a checkpoint must have started from: names, volumes, label maps and classes.</summary>
    internal static string[][] Identity(IEnumerable<LabelledCase> cases) =>
        [.. cases.Select(c => new[] { c.Name, c.Volumes.Content, Path.GetFileName(c.LabelPath), c.Class.ToString(CultureInfo.InvariantCulture) })];

    /// <exception cref="FederationException">BMF-1012 for a name that no case has, BMF-1123 when nothing is left to train on.</exception>
    public static FinetuneSplit Of(FinetuneTask task, IEnumerable<LabelledCase> cases)
    {
        var all = cases.OrderBy(c => c.Name, StringComparer.Ordinal).ToArray();
        var plan = task.Split;
        RequireKnown(all, plan.TestCases, "split.testCases");
        RequireKnown(all, plan.ValidationCases, "split.validationCases");
        var subjects = all.GroupBy(c => c.Volumes.Subject, StringComparer.Ordinal).Select(g => new Person(g.Key, [.. g])).ToArray();
        var named = subjects.Where(s => s.IsNamedIn(plan.TestCases)).ToArray();
        var order = InTurns(task, subjects.Except(named));
        var test = named.Concat(order.Where(o => plan.Folds > 0 && (o.Rank + o.Person.Class) % plan.Folds == plan.Fold).Select(o => o.Person)).ToArray();
        var rest = order.Select(o => o.Person).Except(test).ToArray();
        var validation = plan.ValidationCases.Count > 0
            ? [.. rest.Where(p => p.IsNamedIn(plan.ValidationCases))]
            : rest[..HeldOut(rest.Length, plan.HeldOut)];
        var training = rest.Except(validation).ToArray();
        if (training.Length == 0)
        {
            throw ErrorCatalogue.NoLabelledCase.With($"Of {subjects.Length} subjects {test.Length} test and {validation.Length} validate; none is left to train on.");
        }

        var labelled = Math.Max(1, (int)Math.Round(training.Length * plan.LabelFraction, MidpointRounding.AwayFromZero));
        return new FinetuneSplit(Cases(training[..labelled]), Cases(validation), Cases(test));
    }

    private static int HeldOut(int subjects, double fraction) => fraction == 0 ? 0 : Data.SiteData.HeldOutCount(subjects, fraction);

    /// <summary>Shuffled; the first of each class, then the second of each class, and so on.</summary>
    private static (Person Person, int Rank)[] InTurns(FinetuneTask task, IEnumerable<Person> subjects)
    {
        var shuffled = subjects.OrderBy(s => s.Name, StringComparer.Ordinal).ToArray();
        new CounterRandom((ulong)task.Seed, "finetune", "split").Shuffle<Person>(shuffled);
        return [.. shuffled.GroupBy(s => s.Class).SelectMany(g => g.Select((person, rank) => (Person: person, Rank: rank))).OrderBy(o => o.Rank).ThenBy(o => o.Person.Class)];
    }

    private static LabelledCase[] Cases(IEnumerable<Person> subjects) => [.. subjects.SelectMany(s => s.Cases).OrderBy(c => c.Name, StringComparer.Ordinal)];

    private static void RequireKnown(LabelledCase[] cases, IReadOnlyList<string> names, string field)
    {
        if (names.FirstOrDefault(n => !Array.Exists(cases, c => c.Name == n || c.Volumes.Subject == n)) is { } unknown)
        {
            throw ErrorCatalogue.TaskInvalid.With($"{field} names \"{unknown}\", which is no usable case of the data.");
        }
    }

    private sealed record Person(string Name, LabelledCase[] Cases)
    {
        public int Class => Cases[0].Class;

        public bool IsNamedIn(IReadOnlyList<string> names) => names.Contains(Name, StringComparer.Ordinal) || Array.Exists(Cases, c => names.Contains(c.Name, StringComparer.Ordinal));
    }
}
