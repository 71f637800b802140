using System.Text.RegularExpressions;

namespace BrainMVP.Federated.Architecture.Tests;

/// <summary>Rules that a compiler does not know.</summary>
public sealed partial class SourceRules
{
    private const int LongestFile = 400;

    [GeneratedRegex(@"\bnew\s+(System\.)?Random\s*\(|\bRandom\.Shared\b|\bDateTime(Offset)?\.(Utc)?Now\b|\bDateTime\.Today\b|\bThread\.Sleep\s*\(|\bMath\.(Pow|FusedMultiplyAdd)\s*\(", RegexOptions.CultureInvariant)]
    private static partial Regex Hidden();

    [GeneratedRegex(@"\b(BinaryFormatter|Pickle|TypeNameHandling|Assembly\.Load(From|File)?\s*\(|Type\.GetType\s*\()", RegexOptions.CultureInvariant)]
    private static partial Regex CodeFromOutside();

    [Fact]
    public void The_rules_find_what_they_forbid()
    {
        Assert.All(new[] { "new Random(3)", "new System.Random()", "Random.Shared.Next()", "DateTime.Now", "DateTime.UtcNow", "DateTimeOffset.UtcNow", "Thread.Sleep(1)" }, t => Assert.Matches(Hidden(), t));
        Assert.All(new[] { "new CounterRandom(3)", "time.GetUtcNow()", "Task.Delay(1)" }, t => Assert.DoesNotMatch(Hidden(), t));
        Assert.True(Repository.Sources.Count > 50);
    }

    [Fact]
    public void Nothing_depends_on_a_hidden_clock_or_generator()
    {
        // Pow and fused multiply-add are forbidden only where their last bit reaches the global model.
        var found = Lines(f => true).Where(l => Hidden().IsMatch(l.Text) && (IsServerArithmetic(l.File) || !Regex.IsMatch(l.Text, @"Math\.(Pow|FusedMultiplyAdd)")));
        Assert.Empty(found.Select(l => $"{l.File}:{l.Number}: {l.Text.Trim()}"));
    }

    [Fact]
    public void Nothing_that_arrives_is_run_as_code() =>
        Assert.Empty(Lines(f => true).Where(l => CodeFromOutside().IsMatch(l.Text)).Select(l => $"{l.File}:{l.Number}: {l.Text.Trim()}"));

    [Fact]
    public void A_file_holds_one_idea() => Assert.Empty(
        Repository.Files("*.cs").Select(f => (File: Repository.Relative(f), Count: File.ReadLines(f).Count())).Where(f => f.Count > LongestFile).Select(f => $"{f.File}: {f.Count} lines"));

    [Fact]
    public void Namespaces_follow_the_project() => Assert.Empty(
        Repository.Sources
            .Select(f => (File: Repository.Relative(f), Match: Regex.Match(File.ReadAllText(f), @"^namespace\s+([\w.]+)\s*;", RegexOptions.Multiline)))
            .Where(f => f.Match.Success && !f.Match.Groups[1].Value.StartsWith("BrainMVP.Federated.", StringComparison.Ordinal))
            .Select(f => f.File));

    private static bool IsServerArithmetic(string file) => file.StartsWith("shared/Federation/", StringComparison.Ordinal) || file.StartsWith("aggregator/", StringComparison.Ordinal);

    private static IEnumerable<(string File, int Number, string Text)> Lines(Func<string, bool> where) => Repository.Sources
        .Select(Repository.Relative)
        .Where(where)
        .SelectMany(f => File.ReadLines(Path.Combine(Repository.Root, f)).Select((text, i) => (f, i + 1, text)))
        .Where(l => !l.text.TrimStart().StartsWith("//", StringComparison.Ordinal));
}
